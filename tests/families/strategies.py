"""Rows of SQL literals for hypothesis to choose."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

ROWS_MAX = 40

Literals = SearchStrategy[str]
Rows = list[tuple[str, ...]]

few_examples = settings(max_examples=12, deadline=None)
"""Each example is up to ROWS_MAX rows and a dozen statements."""


def rows(*columns: Literals) -> SearchStrategy[Rows]:
    """Rows of one literal for each column, NULLs among them."""
    nullable = [st.one_of(st.just("NULL"), column) for column in columns]
    return st.lists(st.tuples(*nullable), min_size=1, max_size=ROWS_MAX)


def hexadecimal(values: SearchStrategy[bytes]) -> Literals:
    return values.map(lambda value: f"X'{value.hex()}'")


def unicode_text(*, characters_max: int, beyond_basic_plane: bool = True) -> Literals:
    """Text of all kinds, and of those that LOAD DATA, SQL or JSON treat in their own way."""
    highest = 0x10FFFF if beyond_basic_plane else 0xFFFF
    characters = st.one_of(
        st.sampled_from("\0\t\n\r\b\x1a\\'\"%_N ,;:{}[]aAéß中"),
        st.characters(max_codepoint=highest, exclude_categories=["Cs"]),
    )
    texts = st.one_of(st.sampled_from(["", "\\N", "NULL", " ", "a "]), st.text(characters, max_size=characters_max))
    return texts.map(lambda text: f"_utf8mb4 X'{text.encode().hex()}'")
