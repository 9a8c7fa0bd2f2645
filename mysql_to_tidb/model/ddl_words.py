"""Reads a statement word by word, as a server would; what is not understood is said, never guessed."""

from mysql_to_tidb.model.definitions import Token, TokenKind, Tokens, name_of, render, string_of, tokenize
from mysql_to_tidb.model.names import TableName

_ANSI_QUOTES = 1 << 2
_NO_BACKSLASH_ESCAPES = 1 << 20
_STRICT = 1 << 21 | 1 << 22
_REAL_AS_FLOAT = 1
"""Bits of sql_mode as events carry them (mysql-server, sql/system_variables.h; the same in MariaDB)."""


class NotUnderstood(ValueError):
    """Something in a statement whose effect is not certain."""


def words_of(text: str, sql_mode: int | None) -> Tokens:
    """The words of a statement under its sql_mode. Raises NotUnderstood where they cannot be told apart."""
    mode = sql_mode or 0
    if mode & _NO_BACKSLASH_ESCAPES and "\\" in text:
        raise NotUnderstood("a backslash under the sql_mode NO_BACKSLASH_ESCAPES")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise NotUnderstood("bytes that the client's character set does not have")
    tokens = tokenize(text)
    if mode & _ANSI_QUOTES:
        tokens = tuple(map(_ansi_name, tokens))
    while tokens and tokens[-1].text == ";":
        tokens = tokens[:-1]
    return tokens


def is_strict(sql_mode: int | None) -> bool:
    """Whether a value that does not fit was an error at the source."""
    return bool((sql_mode or 0) & _STRICT)


def reals_are_floats(sql_mode: int | None) -> bool:
    """Whether REAL meant FLOAT."""
    return bool((sql_mode or 0) & _REAL_AS_FLOAT)


def _ansi_name(token: Token) -> Token:
    if token.kind is not TokenKind.STRING or token.text[0] != '"':
        return token
    name = token.text[1:-1].replace('""', '"')
    return Token("`" + name.replace("`", "``") + "`", TokenKind.NAME, token.spaced)


class Words:
    """A place in the words of a statement, and what may be read there."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.place = 0

    @property
    def done(self) -> bool:
        return self.place >= len(self.tokens)

    @property
    def rest(self) -> Tokens:
        return self.tokens[self.place :]

    def at(self, *texts: str) -> bool:
        """Whether the next word or mark is one of these; a name in backticks never is."""
        if self.done:
            return False
        token = self.tokens[self.place]
        return token.kind in {TokenKind.WORD, TokenKind.MARK} and token.text.upper() in texts

    def at_sequence(self, *texts: str) -> bool:
        """Whether these words come next, in this order."""
        ahead = Words(self.tokens[self.place : self.place + len(texts)])
        return all(ahead.accept(text) for text in texts)

    def accept(self, *texts: str) -> bool:
        """Read these words if all of them come next, in this order."""
        found = self.at_sequence(*texts) if len(texts) > 1 else self.at(*texts)
        self.place += len(texts) if found else 0
        return found

    def accept_any(self, *texts: str) -> str:
        """Read one of these words if it comes next; which one, else empty."""
        if not self.at(*texts):
            return ""
        return self.next().text.upper()

    def expect(self, *texts: str) -> None:
        if not self.accept(*texts):
            raise self.unexpected()

    def unexpected(self) -> NotUnderstood:
        shown = "its end" if self.done else render(self.rest[:6])
        return NotUnderstood(f"`{shown}`")

    def next(self) -> Token:
        if self.done:
            raise self.unexpected()
        self.place += 1
        return self.tokens[self.place - 1]

    def name(self) -> str:
        """An identifier, in backticks or not."""
        if self.done or self.tokens[self.place].kind not in {TokenKind.NAME, TokenKind.WORD}:
            raise self.unexpected()
        return name_of(self.next())

    def at_name_or_word(self) -> bool:
        return not self.done and self.tokens[self.place].kind in {TokenKind.NAME, TokenKind.WORD}

    def table(self, schema: str) -> TableName:
        """A table, in the default database where it names none."""
        first = self.name()
        if self.accept("."):
            return TableName(first, self.name())
        if not schema:
            raise NotUnderstood(f"the table {first} without a database")
        return TableName(schema, first)

    def string(self) -> str:
        if self.done or self.tokens[self.place].kind is not TokenKind.STRING:
            raise self.unexpected()
        return string_of(self.next().text)

    def number(self) -> int:
        token = self.next()
        if not token.text.isdecimal():
            raise NotUnderstood(f"`{token.text}` in the place of a number")
        return int(token.text)

    def parenthesis(self) -> Tokens:
        """What is between the parentheses that open here."""
        self.expect("(")
        start, depth = self.place, 1
        while depth:
            token = self.next()
            if token.kind is TokenKind.MARK:
                depth += (token.text == "(") - (token.text == ")")
        return self.tokens[start : self.place - 1]

    def value(self) -> Tokens:
        """A literal, a signed number, a function call or an expression in parentheses."""
        start = self.place
        if self.at("("):
            self.parenthesis()
            return self.tokens[start : self.place]
        _ = self.accept("-") or self.accept("+")
        head = self.next()
        if head.kind is TokenKind.WORD and not self.done:
            following = self.tokens[self.place]
            if following.text == "(":
                self.parenthesis()
            elif following.kind is TokenKind.STRING and (not following.spaced or head.text.startswith("_")):
                self.next()
        return self.tokens[start : self.place]
