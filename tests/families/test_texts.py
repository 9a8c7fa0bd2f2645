"""Text of every character set arrives character by character."""

import pytest
from hypothesis import given

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Rows, few_examples, rows, unicode_text

SAMPLES = {
    "armscii8": "Հայերեն",
    "big5": "漢字、中文。",
    "cp1256": "العربية",
    "cp932": "①髙日本語~\\",
    "euckr": "한국어 뷁",
    "gb18030": "中文䶮ḿ\ue7c7😀",
    "gb2312": "中文",
    "gbk": "中文镕\\",
    "geostd8": "ქართული",
    "greek": "Ελληνικά",
    "hebrew": "עברית",
    "koi8r": "Русский",
    "koi8u": "Українська",
    "sjis": "日本語ｱ",
    "swe7": "Åäö",
    "tis620": "ไทย",
    "ujis": "日本語丂",
    "utf16": "é中😀",
    "utf16le": "é中😀",
    "utf32": "é中😀",
}
"""What each set is for; the others are all written with accented Latin letters."""

LATIN = "é"
WITHOUT_LATIN = {"ascii": "plain", "cp1251": "Ж", "cp866": "Ж", "ucs2": "中"}


@pytest.fixture(scope="module")
def unicode_route(journey: Journey) -> Route:
    definitions = ["CHAR(20)", "VARCHAR(300)", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"]
    basic_plane = Kind("VARCHAR(20) CHARACTER SET utf8mb3", "VARCHAR(20)", "HEX({})")
    case_blind = Kind("VARCHAR(20) COLLATE utf8mb4_general_ci", seen="HEX({})")
    return journey.route(*(Kind(definition, seen="HEX({})") for definition in definitions), basic_plane, case_blind)


@given(
    rows=rows(
        *(unicode_text(characters_max=size) for size in (20, 300, 50, 100, 100, 100)),
        unicode_text(characters_max=20, beyond_basic_plane=False),
        unicode_text(characters_max=20),
    )
)
@few_examples
def test_every_character_arrives(unicode_route: Route, rows: Rows) -> None:
    unicode_route.carry(rows)


def test_every_character_set_arrives_as_utf8(journey: Journey) -> None:
    names = [name for name in journey.character_sets if name not in {"binary", "eucjpms", "utf8mb3", "utf8mb4"}]
    route = journey.route(*(column for name in names for column in (of("CHAR(40)", name), of("TEXT", name))))
    samples = [SAMPLES.get(name) or WITHOUT_LATIN.get(name, LATIN) for name in names for _ in range(2)]
    texts = [samples, ["plain \t"] * len(samples), [""] * len(samples), [text * 3 + "  " for text in samples]]
    route.carry([[f"_utf8mb4 X'{text.encode().hex()}'" for text in row] for row in texts])
    route.carry([["NULL"] * len(samples)])


def test_the_holes_of_windows_1252_arrive(journey: Journey) -> None:
    route = journey.route(of("VARCHAR(300)", "latin1"))
    batch = route.carry([(f"_latin1 X'{bytes(range(256)).hex()}'",)])
    assert "\x81" in str(batch["c0"][0])


def of(definition: str, character_set: str) -> Kind:
    return Kind(f"{definition} CHARACTER SET {character_set}", definition, "HEX(CONVERT({} USING utf8mb4))", "HEX({})")


def test_texts_that_fill_their_column_are_told_apart(journey: Journey) -> None:
    route = journey.route(Kind("CHAR(5)"), Kind("VARCHAR(5)"))
    route.carry([("'ééééé'", "'中中中中中'"), ("'éééé'", "'中中中中é'")])
