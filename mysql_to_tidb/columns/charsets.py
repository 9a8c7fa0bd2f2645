"""How the source's character sets are read: strictly, with the characters that the server itself reads.

Each set is one of Python's, corrected where MySQL differs. A byte that has no meaning in its set raises.
"""

import codecs
from collections.abc import Callable, Mapping
from functools import cache

HOLE = "\ufffe"
"""What Python's character maps take for "no character"."""

BYTES_PER_CHARACTER: Mapping[str, int] = {
    **dict.fromkeys(("big5", "cp932", "euckr", "gb2312", "gbk", "sjis", "ucs2"), 2),
    **dict.fromkeys(("eucjpms", "ujis", "utf8", "utf8mb3"), 3),
    **dict.fromkeys(("gb18030", "utf16", "utf16le", "utf32", "utf8mb4"), 4),
}
"""The longest character of each set that has any of more than one byte (SHOW CHARACTER SET, Maxlen)."""

UTF8 = frozenset({"utf8", "utf8mb3", "utf8mb4"})

BEYOND_BASIC_PLANE = frozenset({"gb18030", "utf16", "utf16le", "utf32", "utf8mb4"})
"""Sets with characters that utf8mb3, in which the catalogs of MySQL and MariaDB are kept, does not have."""

_SAME_AS_PYTHON = {
    "ascii": "ascii",
    "big5": "big5",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1257": "cp1257",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp932": "cp932",
    "euckr": "cp949",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "hp8": "hp-roman8",
    "koi8r": "koi8-r",
    "latin2": "iso8859-2",
    "latin5": "iso8859-9",
    "latin7": "iso8859-13",
    "macce": "mac-latin2",
    "macroman": "mac-roman",
    "tis620": "tis-620",
    "ucs2": "utf-16-be",
    "utf16": "utf-16-be",
    "utf16le": "utf-16-le",
    "utf32": "utf-32-be",
}

_ARMENIAN = "".join(chr(0x531 + letter) + chr(0x561 + letter) for letter in range(38))
_GEORGIAN = (
    "\u10d0\u10d1\u10d2\u10d3\u10d4\u10d5\u10d6\u10f1\u10d7\u10d8\u10d9\u10da\u10db\u10dc\u10f2\u10dd\u10de\u10df\u10e0"
    "\u10e1\u10e2\u10f3\u10e3\u10e4\u10e5\u10e6\u10e7\u10e8\u10e9\u10ea\u10eb\u10ec\u10ed\u10ee\u10f4\u10ef\u10f0\u10f5"
)
_CZECH = (
    "\u010c\xfc\xe9\u010f\xe4\u010e\u0164\u010d\u011b\u011a\u0139\xcd\u013e\u013a\xc4\xc1\xc9\u017e\u017d\xf4\xf6\xd3"
    "\u016f\xda\xfd\xd6\xdc\u0160\u013d\xdd\u0158\u0165"
)
_CP1256_HOLES = (0x8A, 0x8F, 0x98, 0x9A, 0x9F, 0xAA, 0xC0, 0xFF)

_CORRECTED: Mapping[str, tuple[str, Mapping[int, str]]] = {
    "armscii8": (
        "latin-1",
        {0xA1: "\u2741\xa7\u0589)(\xbb\xab\u2014.\u055d,-\u055f\u2026\u055c\u055b\u055e" + _ARMENIAN + "\u2019'"},
    ),
    "cp1256": ("cp1256", dict.fromkeys(_CP1256_HOLES, HOLE)),
    "cp866": ("cp866", {0xFC: "\u207f\xb2"}),
    "dec8": (
        "latin-1",
        {
            **dict.fromkeys((0xA4, 0xA6, 0xB4, 0xB8, 0xBE, 0xD0, 0xDE, 0xF0), HOLE),
            0xA8: "\xa4",
            0xAC: HOLE * 4,
            0xD7: "\u0152",
            0xDD: "\u0178",
            0xF7: "\u0153",
            0xFD: "\xff" + HOLE * 2,
        },
    ),
    "geostd8": (
        "cp1252",
        {
            **dict.fromkeys((0x83, 0x88, 0x8A), HOLE),
            0x8C: HOLE * 5,
            0x98: HOLE * 3,
            0x9C: HOLE * 4,
            0xC0: _GEORGIAN + HOLE * 23 + "\u2116" + HOLE * 2,
        },
    ),
    "greek": ("iso8859-7", {0xA1: "\u02bd\u02bc", 0xA4: HOLE * 2, 0xAA: HOLE}),
    "hebrew": ("iso8859-8", {0xAF: "\u203e"}),
    "keybcs2": ("cp437", {0x80: _CZECH, 0xA4: "\u0148\u0147\u016e\xd4\u0161\u0159\u0155\u0154"}),
    "koi8u": ("koi8-u", {0x95: "\u2022"}),
    # The holes of Windows-1252 hold the control characters of the same number.
    "latin1": ("cp1252", {byte: chr(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}),
    "swe7": ("ascii", {0x40: "\xc9", 0x5B: "\xc4\xd6\xc5\xdc", 0x60: "\xe9", 0x7B: "\xe4\xf6\xe5\xfc" + HOLE}),
}
"""Sets of single bytes: Python's nearest one, and by their first byte the characters that MySQL reads instead."""

_TRANSLATED: Mapping[str, tuple[str, Mapping[int, int]]] = {
    # GB18030-2022 has swapped these two since the edition that Python knows.
    "gb18030": ("gb18030", {0x1E3F: 0xE7C7, 0xE7C7: 0x1E3F}),
    # The full-width backslash is read as the plain one.
    "sjis": ("shift-jis", {0xFF3C: 0x5C}),
    "ujis": ("euc-jp", {0xFF3C: 0x5C}),
}
"""Sets of several bytes: Python's nearest one, and the characters to exchange afterwards."""

Decoder = Callable[[bytes], str]


@cache
def decoder_of(character_set: str) -> Decoder | None:
    """What reads values of this character set, raising UnicodeDecodeError; None where nothing does it rightly."""
    if character_set in _SAME_AS_PYTHON:
        return _strict(_SAME_AS_PYTHON[character_set])
    if character_set in UTF8:
        return _strict("utf-8")
    if character_set in _CORRECTED:
        return _mapped(*_CORRECTED[character_set])
    if character_set in _TRANSLATED:
        codec, exchange = _TRANSLATED[character_set]
        plain = _strict(codec)
        return lambda value: plain(value).translate(exchange)
    return None


def extends_ascii(character_set: str) -> bool:
    """Whether every value of ASCII bytes alone reads as ASCII."""
    return character_set not in {"swe7", "ucs2", "utf16", "utf16le", "utf32"}


def _strict(codec: str) -> Decoder:
    return lambda value: value.decode(codec)


def _mapped(codec: str, corrections: Mapping[int, str]) -> Decoder:
    table = [_character(codec, byte) for byte in range(256)]
    for first, characters in corrections.items():
        table[first : first + len(characters)] = characters
    mapping = "".join(table)
    return lambda value: codecs.charmap_decode(value, "strict", mapping)[0]


def _character(codec: str, byte: int) -> str:
    return bytes([byte]).decode(codec, errors="replace").replace("\ufffd", HOLE)
