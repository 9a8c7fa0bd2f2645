"""Every character is read as the source itself reads it, or refused; never as another one."""

import pytest

from mysql_to_tidb.columns.charsets import Decoder, decoder_of
from tests.families.journey import Journey

REFUSED_CHARACTERS = {"big5": 7, "ujis": 940}
"""Characters of two bytes that the source knows and Python does not: additions to Big5, private use."""
REFUSED_SETS = {"eucjpms"}

Meanings = dict[bytes, str | None]


@pytest.fixture(scope="module", autouse=True)
def _bytes_table(journey: Journey) -> None:
    journey.run("CREATE TABLE all_bytes (b BINARY(1))")
    rows = ", ".join(f"(X'{byte:02x}')" for byte in range(256))
    journey.run(f"INSERT INTO all_bytes VALUES {rows}")


def test_sets_of_single_bytes_are_read_as_the_source_reads_them(journey: Journey) -> None:
    for name, size in journey.character_sets.items():
        if size > 1 or name == "binary":
            continue
        decoder = known(name)
        for value, meaning in meanings(journey, name, "a.b", "all_bytes a").items():
            assert read(decoder, value) == meaning, (name, value)


def test_pairs_of_bytes_are_read_as_the_source_reads_them(journey: Journey) -> None:
    for name, size in journey.character_sets.items():
        if size == 1 or name in REFUSED_SETS or name.startswith(("ucs", "utf")):
            continue
        decoder, refused = known(name), 0
        pairs = meanings(journey, name, "CONCAT(a.b, b.b)", "all_bytes a JOIN all_bytes b ON a.b >= X'80'")
        for value, meaning in pairs.items():
            # Two characters of one byte each, or one and a half, say nothing new.
            if meaning is None or len(meaning) != 1:
                continue
            seen = read(decoder, value)
            refused += seen is None
            assert seen in {meaning, None} or len(seen or "") != 1, (name, value)
        assert refused == REFUSED_CHARACTERS.get(name, 0), name


def test_sets_that_are_read_in_no_way_are_refused(journey: Journey) -> None:
    refused = {name for name in journey.character_sets if name != "binary" and decoder_of(name) is None}
    assert refused == REFUSED_SETS


def known(name: str) -> Decoder:
    decoder = decoder_of(name)
    assert decoder is not None, name
    return decoder


def read(decoder: Decoder, value: bytes) -> str | None:
    try:
        return decoder(value)
    except UnicodeDecodeError:
        return None


def meanings(journey: Journey, name: str, expression: str, tables: str) -> Meanings:
    """What the source reads, None where it finds no character or gives back a question mark in its place."""
    value, text = f"HEX({expression})", f"CONVERT({expression} USING {name})"
    well_formed = f"HEX({text}) <=> {value}"
    found: Meanings = {}
    for row in journey.run(f"SELECT {value}, HEX(CONVERT({text} USING utf8mb4)), {well_formed} FROM {tables}"):
        source, read = (bytes.fromhex(str(cell or "")) for cell in row[:2])
        lost = not row[2] or not read or (b"?" in read and b"?" not in source) or "\ufffd".encode() in read
        found[source] = None if lost else read.decode()
    return found
