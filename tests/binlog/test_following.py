"""What happens at a real source comes out of its binary log, whole, in order, and from every place on."""

from collections.abc import Callable

import pytest

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import batch_from_images
from mysql_to_tidb.model.changes import ChangeKind, MappedTable, RowChanges, RowImage, Statement, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.source.rows import read_batches, select_statement
from tests.lab.follower import Follower, ends, rows
from tests.lab.servers import LabServer

Follow = Callable[[LabServer], Follower]

EVERY_TYPE = """
CREATE TABLE every_type (
    id INT PRIMARY KEY,
    tiny TINYINT, tiny_u TINYINT UNSIGNED, small SMALLINT, small_u SMALLINT UNSIGNED, medium MEDIUMINT,
    medium_u MEDIUMINT UNSIGNED, whole INT, whole_u INT UNSIGNED, big BIGINT, big_u BIGINT UNSIGNED,
    real4 FLOAT, real8 DOUBLE, exact DECIMAL(30, 7), bits BIT(13), flag BIT(1),
    day DATE, year_ YEAR, clock TIME, clock6 TIME(6), moment DATETIME, moment3 DATETIME(3), stamp TIMESTAMP NULL,
    stamp6 TIMESTAMP(6) NULL, fixed CHAR(5), wide CHAR(200), short_text VARCHAR(20), long_text VARCHAR(3000),
    latin VARCHAR(30) CHARACTER SET latin1, raw4 BINARY(4), raw VARBINARY(300),
    text1 TINYTEXT, text2 TEXT, text3 MEDIUMTEXT, text4 LONGTEXT,
    blob1 TINYBLOB, blob2 BLOB, blob3 MEDIUMBLOB, blob4 LONGBLOB,
    choice ENUM('a', 'b', 'c'), choices SET('x', 'y', 'z'), many SET({members}), document JSON,
    doubled BIGINT AS (whole * 2) STORED
)
""".replace("{members}", ", ".join(f"'m{number}'" for number in range(20)))

EVERY_VALUE = """
INSERT INTO every_type VALUES (
    {id}, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808,
    18446744073709551615, 0.1, 1e300, -12345678901234567890123.4567891, b'1010101010101', b'1',
    '2024-02-29', 2155, '-838:59:59', '12:34:56.789012', '9999-12-31 23:59:59', '2024-01-01 00:00:00.123',
    '2038-01-19 03:14:07', '1970-01-01 00:00:01.000001', 'abc', REPEAT('é', 200), 'kurz', REPEAT('lang', 700),
    'caf\xe9', x'AB000000', REPEAT(x'00FF', 150), 't1', REPEAT('t2', 300), REPEAT('t3', 3000), '',
    x'00', REPEAT(x'0102', 3000), x'FF', '', 'b', 'x,z', 'm0,m19', '{{"a": [1, 2.5, null, "ü"]}}', DEFAULT
)
"""


def final_rows(changes: list[RowChanges]) -> tuple[MappedTable, list[RowImage]]:
    """What is in a table after these changes, by its first column."""
    state: dict[object, RowImage] = {}
    for change in changes:
        match change.kind:
            case ChangeKind.INSERT:
                state |= {image[0]: image for image in change.images}
            case ChangeKind.DELETE:
                for image in change.images:
                    assert state.pop(image[0]) == image
            case ChangeKind.UPDATE:
                for before, after in zip(change.images[::2], change.images[1::2], strict=True):
                    assert state.pop(before[0]) == before
                    state[after[0]] = after
    return changes[0].mapped, [state[key] for key in sorted(state, key=str)]


def test_every_type_reads_as_a_query_reads_it(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("SET time_zone = '+00:00', sql_mode = ''", EVERY_TYPE)
    source.run(
        *(EVERY_VALUE.format(id=number) for number in range(1, 4)),
        "INSERT INTO every_type (id) VALUES (4), (5), (6)",
        "UPDATE every_type SET whole = 7, text2 = NULL, choice = '', day = NULL WHERE id IN (1, 4)",
        "UPDATE every_type SET id = id + 3, real4 = -1.5 WHERE id > 4 ORDER BY id DESC",
        "DELETE FROM every_type WHERE id = 2",
    )
    name = TableName(source.database, "every_type")
    families = families_of(source.tables[name])
    mapped, images = final_rows([change for change in source.changes() if isinstance(change, RowChanges)])
    select = select_statement(source.tables[name], families, order_by=("id",))
    (expected,) = read_batches(source.reader, select, families, batch_rows_max=1000, batch_bytes_max=1 << 30)
    assert len(images) == 5
    assert batch_from_images(mapped, images, families).equals(expected)


def test_signs_are_told_of_the_right_columns(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    columns = ["t TINYINT", "y YEAR", "u INT UNSIGNED", "f FLOAT", "b BIGINT", "d DECIMAL(5,2) UNSIGNED", "m MEDIUMINT"]
    more = [
        "e ENUM('a')",
        "v BIGINT UNSIGNED",
        "s SET('a')",
        "i INT",
        "bits BIT(4)",
        "w SMALLINT UNSIGNED",
        "x TINYINT",
    ]
    source.create(f"CREATE TABLE a (id INT PRIMARY KEY, {', '.join(columns + more)})")
    source.run("INSERT INTO a (id) VALUES (1)")
    assert rows(source.changes()) == [(ChangeKind.INSERT, (1, *[None] * 14))]


def many_transactions(source: Follower) -> None:
    source.create(
        "CREATE TABLE a (id INT PRIMARY KEY, note VARCHAR(100))",
        "CREATE TABLE b (id INT PRIMARY KEY, number BIGINT UNSIGNED) ENGINE = MyISAM",
    )
    for number in range(30):
        source.run(
            "BEGIN",
            f"INSERT INTO a VALUES ({number}, REPEAT('x', {number * 3}))",
            f"UPDATE a SET note = 'changed' WHERE id = {number - 1}",
            "COMMIT",
            f"INSERT INTO b VALUES ({number}, 18446744073709551615 - {number})",
        )
        if number % 10 == 5:
            source.run("FLUSH BINARY LOGS", f"CREATE VIEW v{number} AS SELECT 1 AS one")


@pytest.mark.parametrize("by_file", [False, True], ids=["by GTID", "by file"])
def test_a_stream_goes_on_exactly_behind_every_place(any_source: LabServer, follow: Follow, by_file: bool) -> None:
    source = follow(any_source)
    many_transactions(source)
    everything = source.changes(by_file=by_file)
    places = ends(everything)
    assert len(rows(everything)) == 30 * 2 + 29 * 2
    assert sorted(places, key=lambda place: place.order) == places
    assert len(set(places)) == len(places) == 63
    for place in places[:: 1 if len(places) < 20 else 7]:
        behind = max(number for number, change in enumerate(everything) if change.position == place)
        rest = source.changes(place, by_file=by_file)
        assert rows(rest) == rows(everything[behind + 1 :])
        assert ends(rest) == [position for position in places if position.order > place.order]


def test_the_set_of_gtids_is_the_one_that_the_source_tells(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY)")
    source.run("INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2)", "DROP TABLE a")
    last = source.changes()[-1]
    assert last.position == source.here()
    assert bool(last.position.gtid_set) == source.identity.gtids


def test_the_time_of_a_commit_is_known(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY)")
    with source.writer.cursor() as cursor:
        cursor.execute("INSERT INTO a VALUES (1)")
        cursor.execute("SELECT UNIX_TIMESTAMP(NOW(6))")
        ((now,),) = cursor.fetchall()
    (end,) = (change for change in source.changes() if isinstance(change, TransactionEnd))
    assert -1.1 < end.committed_at - float(now) < 0.1


def test_statements_come_as_they_were_written(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY)")
    source.run(
        "SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'",
        "/* ä */ ALTER TABLE a ADD COLUMN \"é\" TIMESTAMP DEFAULT '2024-01-01' -- ö",
    )
    (statement,) = (change for change in source.changes() if isinstance(change, Statement))
    assert statement.text == "/* ä */ ALTER TABLE a ADD COLUMN \"é\" TIMESTAMP DEFAULT '2024-01-01' -- ö"
    assert statement.schema == source.database
    assert statement.time_zone == "+03:00"
    assert statement.sql_mode == 4
    assert statement.start == source.start
    assert statement.position == source.here()


def test_a_statement_of_another_character_set_is_read_in_it(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create()
    source.run("SET NAMES gbk")
    source.writer.encoding = "gbk"
    source.run("CREATE TABLE t (id INT COMMENT '中文')")
    (statement,) = (change for change in source.changes() if isinstance(change, Statement))
    assert statement.text == "CREATE TABLE t (id INT COMMENT '中文')"


def test_what_is_rolled_back_never_comes(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY)")
    source.run(
        *("BEGIN", "INSERT INTO a VALUES (1)", "SAVEPOINT `One`", "INSERT INTO a VALUES (2)"),
        *("CREATE TEMPORARY TABLE t (id INT)", "INSERT INTO t VALUES (1)", "SAVEPOINT two"),
        *("INSERT INTO a VALUES (3)", "ROLLBACK TO one", "INSERT INTO a VALUES (4)", "COMMIT"),
        *("BEGIN", "INSERT INTO a VALUES (5)", "DROP TEMPORARY TABLE t", "ROLLBACK"),
        "INSERT INTO a VALUES (6)",
    )
    assert rows(source.changes()) == [(ChangeKind.INSERT, (number,)) for number in (1, 4, 6)]


def test_a_table_made_from_a_query_comes_as_its_definition_and_its_rows(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.run("CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")
    start = source.here()
    source.create("CREATE TABLE b AS SELECT * FROM a")
    statement, changes, end = source.changes(start)
    assert isinstance(statement, Statement)
    assert statement.position == statement.start == start
    assert isinstance(changes, RowChanges)
    assert len(changes.images) == 2
    assert isinstance(end, TransactionEnd)


def test_tables_that_are_not_migrated_do_no_harm_whatever_their_types(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    odd = "c VARCHAR(100) COMPRESSED, u UUID, i INET6" if source.identity.mariadb else "v VECTOR(3), j JSON"
    source.create("CREATE TABLE a (id INT PRIMARY KEY)")
    source.run(
        f"CREATE TABLE odd (id INT PRIMARY KEY, g GEOMETRY, {odd})",
        "INSERT INTO odd (id, g) VALUES (1, POINT(1, 2))",
        "UPDATE odd SET g = POINT(3, 4)",
        "DELETE FROM odd",
        "INSERT INTO a VALUES (1)",
    )
    assert rows(source.changes()) == [(ChangeKind.INSERT, (1,))]


def test_a_row_of_more_than_one_packet_arrives(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY, value LONGBLOB)")
    source.run("SET GLOBAL max_allowed_packet = 1 << 30")
    source.writer.ping(reconnect=False)
    other = any_source.connect(database=source.database)
    with other.cursor() as cursor:
        for number, size in enumerate([(1 << 24) - 200, (1 << 24) + 10, 36_000_000]):
            cursor.execute(
                f"INSERT INTO a VALUES ({number}, RANDOM_BYTES(1024))"
            ) if not source.identity.mariadb else None
            cursor.execute(f"REPLACE INTO a VALUES ({number}, REPEAT('{number}', {size}))")
    other.close()
    images = [image for kind, image in rows(source.changes()) if kind is not ChangeKind.DELETE]
    assert {(image[0], len(image[1])) for image in images if len(image[1]) > 1024} == {
        (0, (1 << 24) - 200),
        (1, (1 << 24) + 10),
        (2, 36_000_000),
    }


def test_checksums_may_come_and_go_from_file_to_file(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY, word VARCHAR(50))")
    with source.writer.cursor() as cursor:
        cursor.execute("SELECT @@global.binlog_checksum")
        ((before,),) = cursor.fetchall()
    # Each of these begins a new file.
    for number, checksum in enumerate(["NONE", "CRC32", "NONE", "CRC32"], start=1):
        source.run(
            f"SET GLOBAL binlog_checksum = {checksum}",
            f"INSERT INTO a VALUES ({number}, REPEAT('x', {number * 7}))",
            f"CREATE VIEW v{number} AS SELECT {number} AS one",
        )
    source.run(f"SET GLOBAL binlog_checksum = {before}")
    changes = source.changes()
    assert rows(changes) == [(ChangeKind.INSERT, (number, b"x" * (number * 7))) for number in range(1, 5)]
    statements = [change.text for change in changes if isinstance(change, Statement)]
    assert [text[-12:] for text in statements] == [f"ECT {number} AS one" for number in range(1, 5)]


@pytest.mark.parametrize("any_source", ["mysql compressed", "mysql without checksums"], indirect=True)
def test_tagged_gtids_are_followed_across_files(any_source: LabServer, follow: Follow) -> None:
    source = follow(any_source)
    source.create("CREATE TABLE a (id INT PRIMARY KEY)")
    for number in range(4):
        source.run(
            f"SET gtid_next = 'AUTOMATIC:tag_{number % 2}'",
            f"INSERT INTO a VALUES ({number})",
            "SET gtid_next = 'AUTOMATIC'",
            f"INSERT INTO a VALUES ({number + 10})",
            "FLUSH BINARY LOGS",
        )
    changes = source.changes()
    assert [image[0] for _, image in rows(changes)] == [0, 10, 1, 11, 2, 12, 3, 13]
    assert "tag_0:1-2" in changes[-1].position.gtid_set
    assert changes[-1].position.gtid_set == source.here().gtid_set
    middle = ends(changes)[3]
    assert [image[0] for _, image in rows(source.changes(middle))] == [2, 12, 3, 13]
