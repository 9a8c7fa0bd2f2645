"""The types that columns may have, each with the values it may hold as SQL literals, extremes among them.

Everything random comes out of the generator that is passed in, so that a seed gives the same values again.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from tests.lab.install import Kind

Literal = Callable[[Random], str]


@dataclass(frozen=True)
class ValueType:
    """A type of column."""

    sql: str
    literal: Literal
    can_be_key: bool = True
    can_have_default: bool = True
    integer: bool = False
    text: bool = False


ALPHABETS = {
    "armscii8": "Հայերեն",
    "ascii": "plain",
    "big5": "漢字、中文。",
    "cp1250": "éž",
    "cp1251": "Жя",
    "cp1256": "العربية",
    "cp1257": "éž",
    "cp850": "éß",
    "cp852": "éß",
    "cp866": "Жя",
    "cp932": "①髙日本語",
    "dec8": "éß",
    "euckr": "한국어뷁",
    "gb18030": "中文䶮ḿ😀",
    "gb2312": "中文",
    "gbk": "中文镕",
    "geostd8": "ქართული",
    "greek": "Ελληνικά",
    "hebrew": "עברית",
    "hp8": "éß",
    "keybcs2": "éá",
    "koi8r": "Русский",
    "koi8u": "Українська",
    "latin1": "éßÿ€\x81",
    "latin2": "éß",
    "latin5": "éß",
    "latin7": "éß",
    "macce": "éü",
    "macroman": "éß",
    "sjis": "日本語ｱ",
    "swe7": "ÅäöÉ",
    "tis620": "ไทย",
    "ucs2": "éß中",
    "ujis": "日本語丂",
    "utf16": "é中😀",
    "utf16le": "é中😀",
    "utf32": "é中😀",
    "utf8mb3": "éßẞ中İı",
    "utf8mb4": "éßẞ中İı😀e\u0301",
}
"""Of each character set some characters beyond ASCII; MariaDB lacks gb18030."""
WITHOUT_BACKSLASH = {"swe7", "sjis", "cp932", "ujis"}
"""Sets in whose place of the backslash, or of other ASCII characters, some have another character."""
UNICODE = ("utf8mb4", "utf8mb3", "utf16", "utf16le", "utf32", "ucs2")

PLAIN = "aAbB zZ019_%-,.;"
HARMFUL = "\t\n\r\0\b\x1a\\'\"`{}[]~"
WHOLE_TEXTS = ("", " ", "a ", "\\N", "NULL", "0", "'", "%s", "a\tb", "\\")

COLLATIONS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.MYSQL: {
        "utf8mb4": (
            "utf8mb4_0900_ai_ci",
            "utf8mb4_0900_as_cs",
            "utf8mb4_bin",
            "utf8mb4_0900_bin",
            "utf8mb4_general_ci",
            "utf8mb4_unicode_ci",
            "utf8mb4_spanish_ci",
            "utf8mb4_unicode_520_ci",
            "utf8mb4_tr_0900_ai_ci",
        ),
        "utf8mb3": ("utf8mb3_general_ci", "utf8mb3_bin", "utf8mb3_unicode_ci"),
        "latin1": ("latin1_swedish_ci", "latin1_bin", "latin1_general_cs", "latin1_german2_ci"),
    },
    Kind.MARIADB: {
        "utf8mb4": (
            "utf8mb4_general_ci",
            "utf8mb4_unicode_ci",
            "utf8mb4_bin",
            "utf8mb4_nopad_bin",
            "utf8mb4_general_nopad_ci",
            "utf8mb4_uca1400_ai_ci",
            "utf8mb4_swedish_ci",
        ),
        "utf8mb3": ("utf8mb3_general_ci", "utf8mb3_bin", "utf8mb3_unicode_ci"),
        "latin1": ("latin1_swedish_ci", "latin1_bin", "latin1_general_cs", "latin1_nopad_bin"),
    },
}
"""Collations to choose from; other character sets have their default one."""

INTEGER_BITS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}
DATES = ("0000-00-00", "2020-00-10", "2020-10-00", "2021-02-31", "0000-01-01", "0001-01-01", "9999-12-31", "2024-02-29")
ZONES = ("+00:00", "+05:30", "-11:00", "+13:45")


def random_type(chance: Random, kind: Kind) -> ValueType:
    """Any type of this kind of source, texts and numbers more often than others."""
    makers = [integer, integer, decimal, text, text, text, binary, temporal, temporal, floating, label, bits, document]
    if kind is Kind.MARIADB:
        makers.append(mariadb_type)
    return chance.choice(makers)(chance, kind)


def mariadb_type(chance: Random, kind: Kind) -> ValueType:
    """What only MariaDB has."""
    groups = (0, 0, 0, 1, 0xFFFF, 0xABCD)
    return chance.choice(
        (
            ValueType(
                "UUID",
                lambda chance: f"'{UUID(int=chance.choice((0, chance.getrandbits(128))))}'",
                can_have_default=False,  # MariaDB takes only some
            ),
            ValueType("INET6", lambda chance: "'" + ":".join(f"{chance.choice(groups):x}" for _ in range(8)) + "'"),
            ValueType("INET4", lambda chance: "'" + ".".join(str(chance.choice((0, 1, 255))) for _ in range(4)) + "'"),
            ValueType(
                "VARCHAR(200) COMPRESSED CHARACTER SET utf8mb4",
                lambda chance: f"REPEAT({quoted_text(chance, 'utf8mb4', 30)}, {chance.randint(0, 6)})",
                can_be_key=False,
                can_have_default=False,
            ),
            ValueType(
                "BLOB COMPRESSED",
                lambda chance: f"REPEAT(X'{chance.randbytes(9).hex()}', {chance.choice((0, 1, 50, 7000))})",
                can_be_key=False,
                can_have_default=False,
            ),
        )
    )


def random_key_type(chance: Random, kind: Kind) -> ValueType:
    """A type that a key may have, integers more often than others."""
    makers = [integer, integer, integer, decimal, text, text, binary, temporal, temporal, floating, label, bits]
    if kind is Kind.MARIADB:
        makers.append(mariadb_type)
    for _ in range(20):
        found = chance.choice(makers)(chance, kind)
        if found.can_be_key:
            return found
    return integer(chance, kind)


def integer(chance: Random, kind: Kind) -> ValueType:
    name, bit_count = chance.choice(list(INTEGER_BITS.items()))
    unsigned = chance.random() < 0.5
    smallest, largest = (0, 2**bit_count - 1) if unsigned else (-(2 ** (bit_count - 1)), 2 ** (bit_count - 1) - 1)
    attributes = chance.choice((" UNSIGNED", " UNSIGNED", " ZEROFILL", "(5) ZEROFILL")) if unsigned else ""

    def literal(chance: Random) -> str:
        edge = chance.choice((smallest, largest, 0, 1, largest - 1, smallest + 1))
        near = chance.randint(max(smallest, -300), min(largest, 300))
        return str(chance.choice((edge, near, near, near, chance.randint(smallest, largest))))

    return ValueType(name + attributes, literal, integer=True)


def decimal(chance: Random, kind: Kind) -> ValueType:
    precision = chance.choice((1, 5, 9, 10, 18, 19, 20, 38, 64, 65))
    scale = chance.randint(0, min(precision, 30))
    unsigned = chance.random() < 0.2
    attribute = chance.choice((" UNSIGNED", " ZEROFILL")) if unsigned else ""

    def literal(chance: Random) -> str:
        largest = 10 ** chance.choice((precision, precision, chance.randint(0, precision))) - 1
        units = chance.choice((largest, 0, 1, chance.randint(0, largest)))
        digits = str(units).rjust(scale + 1, "0")
        whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
        sign = "-" if units and not unsigned and chance.random() < 0.4 else ""
        return f"{sign}{whole}" + (f".{fraction}" if fraction else "")

    return ValueType(f"DECIMAL({precision},{scale}){attribute}", literal)


def floating(chance: Random, kind: Kind) -> ValueType:
    sql = chance.choice(("FLOAT", "DOUBLE", "FLOAT", "DOUBLE", "FLOAT(7,3)", "DOUBLE(10,2)", "DOUBLE UNSIGNED"))
    code, size = ("<f", 4) if sql.startswith("FLOAT") else ("<d", 8)
    most = {"FLOAT(7,3)": 9999.0, "DOUBLE(10,2)": 99999999.0}.get(sql)

    def literal(chance: Random) -> str:
        if most:
            return repr(chance.choice((0.1, most, round(chance.uniform(-most, most), 3))))
        (number,) = struct.unpack(code, chance.randbytes(size))
        if not abs(number) < float("inf") or chance.random() < 0.5:
            number = chance.choice((0.1, 0.5, 1.0, 16777216.0, 1e15, 123456789.125, chance.uniform(-1e6, 1e6)))
        if sql == "DOUBLE UNSIGNED":
            number = abs(number)
        text = repr(number or 0.0)
        return text if "e" in text else text + "e0"

    return ValueType(sql, literal)


def bits(chance: Random, kind: Kind) -> ValueType:
    size = chance.choice((1, 7, 8, 9, 31, 63, 64))
    return ValueType(f"BIT({size})", lambda chance: str(chance.choice((0, 1, 2**size - 1, chance.getrandbits(size)))))


def temporal(chance: Random, kind: Kind) -> ValueType:
    digits = chance.choice((0, 0, 3, 6, chance.randint(0, 6)))
    size = f"({digits})" if digits else ""

    def fraction(chance: Random) -> str:
        return f".{chance.choice((0, 1, 10**digits - 1, chance.randrange(10**digits))):0{digits}}" if digits else ""

    def clock(chance: Random) -> str:
        return f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}{fraction(chance)}"

    def date(chance: Random) -> str:
        if chance.random() < 0.2:
            return chance.choice(DATES)
        return (
            f"{chance.choice((chance.randint(1, 9999), 2024)):04}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        )

    def time(chance: Random) -> str:
        whole = f"{chance.choice((0, 23, 837, chance.randrange(838))):02}:{clock(chance)[3:]}"
        return chance.choice(("838:59:59", "-838:59:59", whole, whole, f"-{whole}"))

    def moment(chance: Random) -> str:
        return chance.choice(
            ("0000-00-00 00:00:00", f"{date(chance)} {clock(chance)}", f"{date(chance)} {clock(chance)}")
        )

    def instant(chance: Random) -> str:
        day = f"{chance.randint(1971, 2037)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        edges = ("0000-00-00 00:00:00", "2021-03-28 02:30:00", "2021-10-31 02:30:00")
        return chance.choice((*edges, *[f"{day} {clock(chance)}"] * 6))

    if chance.random() < 0.15:
        return ValueType("YEAR", lambda chance: f"'{chance.choice((0, 1901, 2155, chance.randint(1901, 2155))):04}'")
    sql, text = chance.choice(
        (
            ("DATE", date),
            (f"TIME{size}", time),
            (f"DATETIME{size}", moment),
            (f"DATETIME{size}", moment),
            (f"TIMESTAMP{size}", instant),
        )
    )
    return ValueType(sql, lambda chance: f"'{text(chance)}'")


def text(chance: Random, kind: Kind) -> ValueType:
    known = [name for name in ALPHABETS if not (kind is Kind.MARIADB and name == "gb18030")]
    character_set = chance.choice(("utf8mb4", "utf8mb4", "utf8mb3", "latin1", chance.choice(known)))
    collations = COLLATIONS[kind].get(character_set)
    attributes = f" CHARACTER SET {character_set}"
    if collations and chance.random() < 0.8:
        attributes += f" COLLATE {chance.choice(collations)}"
    sql, characters = chance.choice(
        (
            ("CHAR(20)", 20),
            ("VARCHAR(30)", 30),
            ("VARCHAR(30)", 30),
            ("VARCHAR(260)", 260),
            ("CHAR(0)", 0),
            ("TINYTEXT", 60),
            ("TEXT", 300),
            ("MEDIUMTEXT", 70_000),
            ("LONGTEXT", 70_000),
        )
    )
    sized = "(" in sql
    return ValueType(
        sql + attributes,
        lambda chance: quoted_text(chance, character_set, characters),
        can_be_key=sized and 0 < characters < 100,
        can_have_default=sized,
        text=True,
    )


def quoted_text(chance: Random, character_set: str, characters_max: int) -> str:
    """A text literal of this character set."""
    harmful = HARMFUL if character_set not in WITHOUT_BACKSLASH else "\t\n\r\0'\""
    alphabet = PLAIN + harmful + ALPHABETS[character_set] * 3
    if chance.random() < 0.15:
        return quoted(
            chance.choice([whole for whole in WHOLE_TEXTS if set(whole) <= set(alphabet + "NULs")])[:characters_max]
        )
    most = chance.choice((3, 20, 20, characters_max)) if characters_max <= 300 or chance.random() < 0.05 else 300
    return quoted("".join(chance.choices(alphabet, k=chance.randint(0, min(most, characters_max)))))


def quoted(value: str) -> str:
    """A text as a literal that no sql_mode reads differently."""
    return f"_utf8mb4 X'{value.encode().hex()}'"


def binary(chance: Random, kind: Kind) -> ValueType:
    sql, size = chance.choice(
        (
            ("BINARY(16)", 16),
            ("BINARY(3)", 3),
            ("VARBINARY(20)", 20),
            ("VARBINARY(300)", 300),
            ("BLOB", 300),
            ("LONGBLOB", 70_000),
        )
    )

    def literal(chance: Random) -> str:
        most = chance.choice((size, min(size, 20))) if size <= 300 or chance.random() < 0.05 else 300
        value = chance.randbytes(chance.randint(0, most))
        ending = chance.choice((b"", b"\0", b"\0\0", b" ", b"\\", b"\t"))
        return f"X'{(value + ending)[:size].hex()}'"

    return ValueType(sql, literal, can_be_key=size <= 20, can_have_default="BLOB" not in sql)


def label(chance: Random, kind: Kind) -> ValueType:
    character_set = chance.choice(("utf8mb4", "latin1", "gbk"))
    special = {"utf8mb4": ["é", "中"], "latin1": ["é", "ü"], "gbk": ["中", "文"]}[character_set]
    if chance.random() < 0.5:
        count = chance.choice((1, 5, 300))
        names = ["2", "1", "0", "a b", "it''s", "NULL", *special, *(f"label {number}" for number in range(300))][:count]
        # What is none of the labels is kept as number 0 by a source that is not strict, and then looks empty.
        with_empty_label = chance.random() < 0.5
        others = ["''"] if with_empty_label else ["'no such label'"]
        listed = ", ".join(f"'{name}'" for name in [*names, *([""] if with_empty_label else [])])
        return ValueType(
            f"ENUM({listed}) CHARACTER SET {character_set}",
            lambda chance: chance.choice((*others, *[str(chance.randint(1, len(names)))] * 6)),
            can_be_key=False,  # MySQL, as a stand-in, finds what looks empty in no list of rows
            can_have_default=False,
        )
    count = chance.choice((1, 8, 9, 33, 64))
    names = ["2", "1", "0", "a b", *special, *(f"flag {number}" for number in range(64))][:count]
    listed = ", ".join(f"'{name}'" for name in names)
    return ValueType(
        f"SET({listed}) CHARACTER SET {character_set}",
        lambda chance: str(chance.choice((0, 2**count - 1, chance.getrandbits(count)))),
        can_have_default=False,  # numbers cannot be
    )


def document(chance: Random, kind: Kind) -> ValueType:
    typed = (
        "JSON_ARRAY(CAST('1.50' AS DECIMAL(10,2)), DATE'2020-02-29', TIME'-10:11:12.5')",
        "JSON_ARRAY(TIMESTAMP'2020-01-01 10:11:12.000001', CAST(18446744073709551615 AS UNSIGNED))",
        "CAST('null' AS JSON)",
        "JSON_OBJECT('bytes', X'00ff', 'long', REPEAT('x', 70000))",
    )

    def literal(chance: Random) -> str:
        if kind is Kind.MYSQL and chance.random() < 0.1:
            return chance.choice(typed)
        return quoted(json.dumps(_document(chance, 3), ensure_ascii=chance.random() < 0.5))

    return ValueType("JSON", literal, can_be_key=False, can_have_default=False)


def _document(chance: Random, depth: int) -> object:
    scalars = (None, True, False, chance.randint(-300, 300), chance.randint(-(2**63), 2**64 - 1), chance.uniform(-9, 9))
    texts = ("", "plain", "é😀", 'quote " and \\ and \n', "2020-01-01")
    if depth == 0 or chance.random() < 0.4:
        return chance.choice((*scalars, *texts))
    inner = [_document(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    return (
        inner
        if chance.random() < 0.5
        else {chance.choice((*texts, "k", str(place))): one for place, one in enumerate(inner)}
    )
