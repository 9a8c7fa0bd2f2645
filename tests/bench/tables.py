"""The tables that are measured: a narrow one in sysbench's manner, and a wide one of mixed types with NULLs."""

from tests.lab.servers import Server

TABLES = {
    "four_columns": (
        """
        CREATE TABLE four_columns (
            id INT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY (k)
        )
        """,
        "SELECT n, n * 7, REPEAT(CONCAT(n, '-'), 12), REPEAT(CONCAT(n, '-'), 6)",
    ),
    "twelve_columns": (
        """
        CREATE TABLE twelve_columns (
            id BIGINT UNSIGNED PRIMARY KEY, small SMALLINT, price DECIMAL(12,2), ratio DOUBLE, name VARCHAR(60),
            note TEXT, data VARBINARY(40), day DATE, made DATETIME(6), seen TIMESTAMP NULL,
            state ENUM('new', 'paid', 'sent'), document JSON
        )
        """,
        """
        SELECT n, IF(n % 5 = 0, NULL, n % 30000), n / 7, n / 3, CONCAT('name of ', n), IF(n % 3 = 0, NULL, 'note é'),
            UNHEX(SHA2(n, 256)), DATE'2024-01-01' + INTERVAL n % 300 DAY,
            TIMESTAMP'2024-01-01 00:00:00.000001' + INTERVAL n SECOND,
            IF(n % 4 = 0, NULL, TIMESTAMP'2024-01-01 00:00:00'), n % 3 + 1,
            JSON_OBJECT('n', n, 'list', JSON_ARRAY(1, 2.5, 'x'))
        """,
    ),
}
"""Each with the rows that fill it, over a column `n` that counts from 0."""


def fill(server: Server, database: str, name: str, rows: int) -> None:
    """Create one of TABLES in a database that exists, and give it its rows."""
    create, select = TABLES[name]
    digits = " UNION ALL ".join(f"SELECT {digit} d" for digit in range(10))
    places = range(len(str(rows - 1)))
    count = " + ".join(f"t{place}.d * {10**place}" for place in places)
    numbers = ", ".join(f"({digits}) t{place}" for place in places)
    server.execute(
        f"USE `{database}`",
        create,
        f"INSERT INTO `{name}` {select} FROM (SELECT {count} n FROM {numbers}) x WHERE n < {rows}",
        f"ANALYZE TABLE `{name}`",
    )
