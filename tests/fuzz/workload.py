"""All that a seed stands for: the kind of source, its settings, tables, first rows and the stream of changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from tests.fuzz.changes import ChangeStream
from tests.fuzz.schemas import TablePlan, random_table
from tests.lab.install import Kind

SESSION = ("SET NAMES utf8mb4", "SET innodb_strict_mode = 0")


@dataclass(frozen=True)
class Workload:
    """What happens at one source; equal seeds give equal workloads."""

    seed: int
    tables_max: int = 5
    rows_max: int = 400
    transactions: int = 120

    @property
    def kind(self) -> Kind:
        """Both kinds in turn."""
        return (Kind.MYSQL, Kind.MARIADB)[self.seed % 2]

    @property
    def database(self) -> str:
        return f"fuzz_{self.seed}"

    def tables(self) -> list[TablePlan]:
        chance = self._chance("schema")
        return [random_table(chance, self.kind, number) for number in range(chance.randint(1, self.tables_max))]

    def create_statements(self) -> Iterator[str]:
        yield f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4"
        yield f"USE `{self.database}`"
        for table in self.tables():
            yield from table.create

    def statistics_statements(self) -> list[str]:
        """What lets the source know how many first rows there are, so that tables are cut into chunks."""
        return [f"ANALYZE NO_WRITE_TO_BINLOG TABLE {table.quoted}" for table in self.tables()]

    def session_statements(self) -> list[str]:
        """How the connection that writes is set up."""
        chance = self._chance("session")
        strict = chance.choice(("STRICT_TRANS_TABLES,", "STRICT_TRANS_TABLES,", ""))
        zone = chance.choice(("+00:00", "+00:00", "+05:30", "-11:00"))
        statements = [*SESSION, f"SET sql_mode = '{strict}ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'"]
        statements.append(f"SET time_zone = '{zone}'")
        if self.kind is Kind.MYSQL and chance.random() < 0.3:
            statements.append("SET binlog_transaction_compression = ON")
        return statements

    def global_settings(self) -> dict[str, str]:
        """Settings of the whole source while the workload runs."""
        chance = self._chance("globals")
        settings = {"binlog_row_metadata": chance.choice(("MINIMAL", "FULL"))}
        if self.kind is Kind.MARIADB:
            settings["log_bin_compress"] = chance.choice(("OFF", "OFF", "ON"))
            settings["log_bin_compress_min_len"] = "20"
        return settings

    def spec(self) -> dict[str, int]:
        """Small limits, so that many boundaries are met."""
        chance = self._chance("spec")
        return {
            "chunk_rows": chance.choice((100, 150)),
            "transaction_rows": chance.choice((7, 100, 10_000)),
            "window_changes": chance.choice((1, 50, 20_000)),
        }

    def writes(self) -> tuple[list[list[str]], list[list[str]]]:
        """Transactions that write the first rows, and those of changes."""
        chance = self._chance("changes")
        stream = ChangeStream(chance, self.tables())
        first = list(stream.first_rows(chance.choice((0, 30, self.rows_max, self.rows_max))))
        return first, list(islice(stream.transactions(), self.transactions))

    def script(self) -> str:
        """All of it as SQL, for people."""
        first, changes = self.writes()
        settings = [f"SET GLOBAL {name} = {value}" for name, value in self.global_settings().items()]
        before = [*settings, *self.session_statements(), *self.create_statements()]
        return ";\n".join([*before, *(statement for transaction in first + changes for statement in transaction), ""])

    def _chance(self, purpose: str) -> Random:
        # One generator for each purpose: a change in one leaves the others as they were.
        return Random(f"{self.seed} {purpose}")
