"""How long a whole check takes for many tables: `./run bench precheck [--tables 2000]`.

Servers are those of SOURCE_MYSQL_URL and TIDB_URL, else started here.
"""

import argparse
import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence

from mysql_to_tidb.job import Job, parse_job
from mysql_to_tidb.stages.plan import plan_job
from mysql_to_tidb.stages.precheck import check_job
from tests.lab.install import Kind
from tests.lab.jobs import job_fields
from tests.lab.servers import SOURCE_OPTIONS, TARGET_OPTIONS, LabServer, Server

TABLES = 2_000
SECONDS_WANTED_MAX = 30.0
DATABASES = 4

TABLE = """CREATE TABLE {name} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, state ENUM('new', 'paid', 'sent'),
  name VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, amount DECIMAL(12, 2), detail JSON,
  word_count INT GENERATED ALWAYS AS (CHAR_LENGTH(name)) VIRTUAL, flags SET('a', 'b', 'c'), at DATETIME(6),
  note TEXT, seen TIMESTAMP NULL, KEY customer (customer, at), UNIQUE KEY name (name, customer)
)"""


def main() -> None:
    """Make the tables, check and plan them, print the times, drop them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=TABLES)
    tables = parser.parse_args().tables
    with _server("SOURCE_MYSQL_URL", SOURCE_OPTIONS) as source, _server("TIDB_URL", TARGET_OPTIONS) as target:
        names = [f"bench_{secrets.token_hex(3)}_{number}" for number in range(DATABASES)]
        try:
            _fill(source, names, tables)
            job = parse_job(job_fields("bench", source, target, objects={"databases": names}))
            _measure(job, source, target, tables)
        finally:
            source.execute(*(f"DROP DATABASE IF EXISTS {name}" for name in names))


def _measure(job: Job, source: Server, target: Server, tables: int) -> None:
    began = time.perf_counter()
    results, outcome = check_job(job, source.settings, target.settings)
    checked = time.perf_counter()
    made = plan_job(job, source.settings, target.settings)
    planned = time.perf_counter()
    print(f"check of {tables} tables: {checked - began:.1f} s, {len(results)} items, {outcome}")
    print(f"plan of {len(made.tables)} tables: {planned - checked:.1f} s")
    print(f"wanted: under {SECONDS_WANTED_MAX:.0f} s: {'yes' if checked - began < SECONDS_WANTED_MAX else 'NO'}")


def _fill(source: Server, names: Sequence[str], tables: int) -> None:
    with contextlib.closing(source.connect()) as connection, connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"CREATE DATABASE {name}")
        for number in range(tables):
            cursor.execute(TABLE.format(name=f"{names[number % len(names)]}.table_{number}"))


@contextlib.contextmanager
def _server(variable: str, options: tuple[str, ...]) -> Iterator[Server]:
    if url := os.environ.get(variable):
        yield Server.at(url)
        return
    server = LabServer(Kind.MYSQL, *options)
    try:
        yield server
    finally:
        server.discard()


if __name__ == "__main__":
    main()
