"""What only the source knows about how its statements are meant: character sets, collations, time zones."""

from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from mysql_to_tidb.catalog import Catalog
from mysql_to_tidb.model.ddl_columns import Surroundings
from mysql_to_tidb.model.ddl_words import NotUnderstood, reals_are_floats
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.source.connection import open_source, source_errors


@dataclass(frozen=True, slots=True)
class DdlFacts:
    """Properties of the server that no schema change alters."""

    default_collations: dict[str, str]
    bytes_per_character: dict[str, int]
    collations_by_number: dict[int, str]
    server_collation: str
    mariadb: bool
    explicit_timestamps: bool
    folds_case: bool


def read_ddl_facts(settings: ServerSettings) -> DdlFacts:
    """Raises what connecting to the source raises."""
    connection = open_source(settings)
    try:
        with source_errors():
            sets = _rows(
                connection,
                "SELECT CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME, MAXLEN FROM information_schema.CHARACTER_SETS",
            )
            numbers = _rows(
                connection, "SELECT ID, COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL"
            )
            ((version, collation, explicit, fold),) = _rows(
                connection,
                "SELECT VERSION(), @@collation_server, @@explicit_defaults_for_timestamp, @@lower_case_table_names",
            )
    finally:
        connection.close()
    return DdlFacts(
        {str(name): str(collation) for name, collation, _ in sets},
        {str(name): int(size) for name, _, size in sets},
        {int(number): str(name) for number, name in numbers},
        str(collation),
        "mariadb" in str(version).lower(),
        bool(int(explicit)),
        bool(int(fold)),
    )


def database_collation(settings: ServerSettings, schema: str) -> str:
    """The default collation that a database has now; empty where there is none of that name any more."""
    connection = open_source(settings)
    try:
        with source_errors():
            return Catalog(connection).schema_collation(schema)
    finally:
        connection.close()


def surroundings(settings: ServerSettings, facts: DdlFacts, sql_mode: int | None, time_zone: str) -> Surroundings:
    """What a statement of that mode and time zone ran under."""
    return Surroundings(
        default_collations=facts.default_collations,
        bytes_per_character=facts.bytes_per_character,
        mariadb=facts.mariadb,
        reals_are_floats=reals_are_floats(sql_mode),
        explicit_timestamps=facts.explicit_timestamps,
        time_zone=time_zone,
        in_utc=lambda text, zone: converted(settings, text, zone, "+00:00"),
    )


def converted(settings: ServerSettings, text: str, old_zone: str, new_zone: str) -> str:
    """A time of one time zone in another, as the source itself reckons it. Raises NotUnderstood."""
    connection = open_source(settings)
    try:
        with source_errors():
            ((time,),) = _rows(connection, "SELECT CONVERT_TZ(%s, %s, %s)", text, old_zone, new_zone)
    finally:
        connection.close()
    if time is None:
        raise NotUnderstood(f"the time {text} in the time zone {old_zone}")
    return str(time)


def _rows(connection: Connection, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall())
