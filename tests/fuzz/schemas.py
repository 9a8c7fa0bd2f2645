"""Random tables: any types, keys of every kind, names that are hard to quote."""

from dataclasses import dataclass
from random import Random

from tests.fuzz.values import Literal, ValueType, random_key_type, random_type
from tests.lab.install import Kind

TABLE_NAMES = (
    "t",
    "orders",
    "a`b",
    "select",
    "%s {} {0}",
    "semi;colon",
    "quo'te\"s",
    "-- comment",
    "ünï 中",
    "x.y",
    "@v0",
)
COLUMN_NAMES = (
    "c",
    "id",
    "Name",
    "a`b",
    "`",
    "key",
    "null_bitmap",
    "values",
    "%s",
    "%(x)s",
    "{}",
    "a.b",
    "a,b",
    "(c)",
    "quo'te",
    'quo"te',
    "back\\slash",
    "@v1",
    "ünï",
    "名前",
    "-- ",
    "/*",
    "1",
    "x" * 55,
)
KEYS = ("none", "integer", "integer", "auto", "single", "single", "composite", "unique", "nullable", "prefix", "hidden")


@dataclass(frozen=True)
class ColumnPlan:
    """A column, and what may be written to it."""

    name: str
    definition: str
    literal: Literal | None
    """None for a generated column."""
    type: ValueType | None = None

    @property
    def quoted(self) -> str:
        return quoted_name(self.name)

    def value(self, chance: Random) -> str:
        """A literal to store, where the column may hold it also NULL."""
        assert self.literal is not None
        return self.literal(chance)


@dataclass(frozen=True)
class TablePlan:
    """A table, the columns that tell its rows apart (none, where nothing does), and how it is created."""

    name: str
    columns: tuple[ColumnPlan, ...]
    key: tuple[ColumnPlan, ...]
    create: tuple[str, ...]
    """Statements, the database chosen."""

    @property
    def quoted(self) -> str:
        return quoted_name(self.name)

    @property
    def written(self) -> tuple[ColumnPlan, ...]:
        """The columns that statements give values to."""
        return tuple(column for column in self.columns if column.literal)


def quoted_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def random_table(chance: Random, kind: Kind, number: int) -> TablePlan:
    """The table of this number; the number keeps names apart."""
    return _TableMaker(chance, kind, number).make()


class _TableMaker:
    def __init__(self, chance: Random, kind: Kind, number: int) -> None:
        self.chance, self.kind = chance, kind
        self.name = f"{chance.choice(TABLE_NAMES)}{number}"
        self.columns: list[ColumnPlan] = []
        self.keys: list[str] = []
        self.key: tuple[ColumnPlan, ...] = ()

    def make(self) -> TablePlan:
        chance = self.chance
        how = chance.choice(KEYS)
        make_key = getattr(self, f"_{how}_key")
        before = chance.choice((0, 0, 2))
        for _ in range(before):
            self._ordinary()
        make_key()
        for _ in range(chance.choice((1, 3, 6, 12, 30))):
            self._ordinary()
        for _ in range(chance.choice((0, 0, 1, 2))):
            self._generated()
        for _ in range(chance.choice((0, 0, 1, 2))):
            self._secondary_index()
        parts = [f"{column.quoted} {column.definition}" for column in self.columns] + self.keys
        create = f"CREATE TABLE {quoted_name(self.name)} (\n  " + ",\n  ".join(parts) + "\n)" + self._options()
        statements = [create]
        if self.kind is Kind.MYSQL:
            hidden = "ON" if how == "hidden" else "OFF"
            statements.insert(0, f"SET sql_generate_invisible_primary_key = {hidden}")
        return TablePlan(self.name, tuple(self.columns), self.key, tuple(statements))

    def _options(self) -> str:
        return self.chance.choice(
            ("", " DEFAULT CHARACTER SET latin1", " COMMENT 'it''s; a `table`'", " ROW_FORMAT=DYNAMIC")
        )

    def _none_key(self) -> None:
        pass

    _hidden_key = _none_key
    """Where the source makes a key of its own; MariaDB does not."""

    def _integer_key(self) -> None:
        attribute = self.chance.choice((" UNSIGNED", "", ""))
        size = self.chance.choice(("INT", "BIGINT", "MEDIUMINT"))
        largest = {"INT": 2**31, "BIGINT": 2**63, "MEDIUMINT": 2**23}[size] * (2 if attribute else 1) - 1
        smallest = 0 if attribute else -largest - 1

        def literal(chance: Random) -> str:
            near = chance.randint(max(smallest, -200), 1000)
            return str(chance.choice((near, near, near, chance.randint(smallest, largest), largest, smallest)))

        self._primary(ValueType(size + attribute, literal, integer=True))

    def _auto_key(self) -> None:
        small = ValueType("BIGINT UNSIGNED", lambda chance: str(chance.randint(1, 2000)), integer=True)
        self._primary(small, "AUTO_INCREMENT")

    def _single_key(self) -> None:
        self._primary(random_key_type(self.chance, self.kind))

    def _primary(self, value_type: ValueType, attribute: str = "") -> None:
        self.key = (self._add(value_type, nullable=False, attribute=attribute),)
        self.keys.append(f"PRIMARY KEY ({self.key[0].quoted})")

    def _composite_key(self) -> None:
        columns = [
            self._add(random_key_type(self.chance, self.kind), nullable=False)
            for _ in range(self.chance.choice((2, 2, 3)))
        ]
        self.chance.shuffle(columns)
        self.key = tuple(columns)
        self.keys.append(f"PRIMARY KEY ({', '.join(column.quoted for column in columns)})")

    def _unique_key(self) -> None:
        columns = [
            self._add(random_key_type(self.chance, self.kind), nullable=False)
            for _ in range(self.chance.choice((1, 2)))
        ]
        self.key = tuple(columns)
        self.keys.append(f"UNIQUE KEY `the key` ({', '.join(column.quoted for column in columns)})")

    def _nullable_key(self) -> None:
        """A unique index that lets rows with NULL be alike."""
        column = self._add(random_key_type(self.chance, self.kind), nullable=True)
        self.keys.append(f"UNIQUE KEY `no key` ({column.quoted})")

    def _prefix_key(self) -> None:
        """A unique index over the beginnings of texts, which tells rows apart at the source only."""
        literal = ValueType("x", lambda chance: f"'{chance.randrange(10**6):06}{'b' * chance.randint(0, 30)}'")
        column = self._add(ValueType("VARCHAR(60)", literal.literal, text=True), nullable=False)
        self.keys.append(f"PRIMARY KEY ({column.quoted}(8))")

    def _ordinary(self) -> None:
        chance = self.chance
        value_type = random_type(chance, self.kind)
        nullable = chance.random() < 0.7
        attribute = ""
        if value_type.can_have_default and chance.random() < 0.3:
            default = value_type.literal(chance)
            # A text from another set than its column's may not fit; MariaDB takes no introducers in defaults.
            attribute = "" if default.startswith("_") else f"DEFAULT {default}"
        if chance.random() < 0.1 and (nullable or attribute) and self.columns:
            attribute += " INVISIBLE"
        self._add(value_type, nullable=nullable, attribute=attribute)

    def _generated(self) -> None:
        base = self.chance.choice(self.columns)
        if base.type is None or "AUTO_INCREMENT" in base.definition:
            return
        stored = self.chance.choice(("VIRTUAL", "STORED"))
        if base.type.text and not base.type.sql.startswith("CHAR"):  # MariaDB refuses what depends on padding
            expression, sql = f"CHAR_LENGTH({base.quoted})", "INT"
        elif base.type.integer:
            expression, sql = f"{base.quoted} % 7", "BIGINT"
        elif self.kind is Kind.MYSQL:
            expression, sql = f"{base.quoted} IS NULL", "INT"
        else:
            return  # MariaDB refuses what may read differently some day, and that is a lot
        self._append(ColumnPlan(self._new_name(), f"{sql} AS ({expression}) {stored}", None))

    def _secondary_index(self) -> None:
        usable = [column for column in self.columns if column.type and column.type.can_be_key]
        if not usable:
            return
        column = self.chance.choice(usable)
        unique = "UNIQUE " if self.chance.random() < 0.5 else ""
        self.keys.append(f"{unique}KEY `index {len(self.keys)}` ({column.quoted})")

    def _add(self, value_type: ValueType, *, nullable: bool, attribute: str = "") -> ColumnPlan:
        definition = f"{value_type.sql} {'NULL' if nullable else 'NOT NULL'} {attribute}"

        def literal(chance: Random) -> str:
            return "NULL" if nullable and chance.random() < 0.2 else value_type.literal(chance)

        column = ColumnPlan(self._new_name(), definition.rstrip(), literal, value_type)
        self._append(column)
        return column

    def _append(self, column: ColumnPlan) -> None:
        self.columns.append(column)

    def _new_name(self) -> str:
        return f"{self.chance.choice(COLUMN_NAMES)}{len(self.columns)}"
