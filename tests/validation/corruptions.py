"""Columns of every type family, each with values, and the damage that is done to them at the target."""

from dataclasses import dataclass

from tests.lab.servers import Server


@dataclass(frozen=True)
class Family:
    """One kind of column."""

    name: str
    definition: str
    values: tuple[str, str, str, str, str]
    """SQL literals, all different; the last one stands for nothing: an empty text, a zero."""
    nearly: str
    """What differs from the first by as little as possible."""
    mariadb: bool = True


FAMILIES = (
    Family("tinyint", "TINYINT", ("-128", "127", "1", "-1", "0"), "-127"),
    Family("mediumint", "MEDIUMINT UNSIGNED ZEROFILL", ("7", "16777215", "1", "2", "0"), "8"),
    Family("bigint", "BIGINT", ("-9223372036854775808", "1", "2", "3", "0"), "-9223372036854775807"),
    Family("bigint_unsigned", "BIGINT UNSIGNED", ("18446744073709551615", "1", "2", "3", "0"), "18446744073709551614"),
    Family("decimal", "DECIMAL(65,30)", ("1.000000000000000000000000000001", "-1", "2", "3", "0"), "1"),
    Family("float", "FLOAT", ("0.1", "16777217", "3.4e38", "-1e-30", "0"), "0.10000001"),
    Family("double", "DOUBLE", ("0.1e0", "1e300", "-1e-300", "16777217", "0"), "0.10000000000000002e0"),
    Family("bit", "BIT(64)", ("18446744073709551615", "1", "2", "3", "0"), "18446744073709551614"),
    Family("year", "YEAR", ("1901", "2155", "2000", "2024", "0"), "1902"),
    Family(
        "date", "DATE", ("'2024-02-29'", "'9999-12-31'", "'2020-01-01'", "'1000-01-01'", "'0000-00-00'"), "'2024-02-28'"
    ),
    Family(
        "datetime",
        "DATETIME(6)",
        (
            "'2024-02-29 01:02:03.000001'",
            "'9999-12-31 23:59:59.999999'",
            "'2020-01-01'",
            "'2021-01-01'",
            "'0000-00-00'",
        ),
        "'2024-02-29 01:02:03.000002'",
    ),
    Family(
        "timestamp",
        "TIMESTAMP(3) NULL",
        ("'2024-02-29 01:02:03.001'", "'2038-01-19 03:14:07'", "'2020-01-01'", "'2021-01-01'", "'0000-00-00'"),
        "'2024-02-29 01:02:03.002'",
    ),
    Family(
        "time", "TIME(6)", ("'-838:59:59'", "'838:59:59'", "'12:00:00.000001'", "'-1:00'", "0"), "'-838:59:58.999999'"
    ),
    Family("char", "CHAR(20)", ("'a#b'", "'A#b'", "'é😀'", "'N'", "''"), "'a#B'"),
    Family("varchar", "VARCHAR(50)", ("'x '", "'a\\tb\\nc\\\\d'", "'\\\\N'", "'NULL'", "''"), "'x  '"),
    Family("latin1", "VARCHAR(50) CHARACTER SET latin1", ("'é'", "'ÿ€'", "'x'", "'y'", "''"), "'e'"),
    Family("gbk", "VARCHAR(50) CHARACTER SET gbk", ("'中'", "'文字'", "'x'", "'y'", "''"), "'丰'"),
    Family("text", "LONGTEXT", ("REPEAT('x', 70000)", "'?'", "'x'", "'y'", "''"), "CONCAT(REPEAT('x', 69999), 'y')"),
    Family("binary", "BINARY(4)", ("X'61000000'", "X'00ff0a5c'", "X'62'", "X'63'", "X''"), "X'61000001'"),
    Family("varbinary", "VARBINARY(50)", ("X'6100'", "X'ff0a5c09'", "X'62'", "X'63'", "X''"), "X'61'"),
    Family(
        "blob",
        "LONGBLOB",
        ("REPEAT(X'ff', 70000)", "X'00'", "X'62'", "X'63'", "X''"),
        "CONCAT(REPEAT(X'ff', 69999), X'fe')",
    ),
    Family("enum", "ENUM('a', 'A ', '1', 'é', '0') COLLATE utf8mb4_bin", ("'a'", "'A '", "'1'", "'é'", "'0'"), "'A '"),
    Family("set", "SET('a', 'b', 'c', 'd')", ("'a,b'", "'d'", "'a,b,c,d'", "'c'", "''"), "'a,c'"),
    Family(
        "json",
        "JSON",
        ('\'{"b": [1, 2.5, "é"], "a": null}\'', "'[true]'", "'9007199254740993'", "'\"text\"'", "'null'"),
        '\'{"b": [1, 2.5, "e"], "a": null}\'',
    ),
    Family("json_bool", "JSON", ("'[true, 1]'", "'[1]'", "'{\"a\": 1}'", '\'{"a": 1, "b": 2}\'', "'{}'"), "'[1, 1]'"),
)

ROWS = 9
"""Of each family: its five values, then NULL, then some that nobody touches."""
READ = ("float", "double", "gbk", "json", "json_bool")
"""Families that servers cannot sum up alike: a table that has one of them is read row by row."""
TABLES = {
    "summed": tuple(family for family in FAMILIES if family.name not in READ),
    "read_by_row": tuple(family for family in FAMILIES if family.name in READ),
}


def row_ids(families: tuple[Family, ...]) -> dict[Family, int]:
    """Behind which id the rows of each family stand."""
    return {family: 10 * number for number, family in enumerate(families)}


def create(source: Server, database: str) -> None:
    """Tables with a column for each family, and of each one with a key and one without."""
    statements = [f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4", f"USE `{database}`", "SET sql_mode = ''"]
    for name, families in TABLES.items():
        columns = ", ".join(f"`{family.name}` {family.definition}" for family in families)
        for table, key in ((name, "PRIMARY KEY"), (f"{name}_keyless", "")):
            statements.append(f"CREATE TABLE {table} (id INT {key}, {columns})")
            for family, base in row_ids(families).items():
                values = [*family.values, "NULL", *family.values[:3]]
                rows = ", ".join(f"({base + place}, {value})" for place, value in enumerate(values, start=1))
                statements.append(f"INSERT INTO {table} (id, `{family.name}`) VALUES {rows}")
    source.execute(*statements)


def plant(target: Server, database: str) -> dict[str, set[tuple[str, int]]]:
    """Do all damage; for each table the kind and id of every difference that is to be found."""
    # ALLOW_INVALID_DATES admits zero dates as well, and nothing is strict: the damage must be done.
    mode = "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO"
    statements = [f"USE `{database}`", f"SET sql_mode = '{mode}', time_zone = '+00:00'"]
    planted: dict[str, set[tuple[str, int]]] = {}
    for name, families in TABLES.items():
        for table in (name, f"{name}_keyless"):
            planted[table] = set()
            for family, base in row_ids(families).items():
                values = family.values
                changed = {1: family.nearly, 3: values[3], 4: values[2], 5: "NULL", 6: values[4]}
                statements += [
                    *(
                        f"UPDATE {table} SET `{family.name}` = {v} WHERE id = {base + row}"
                        for row, v in changed.items()
                    ),
                    f"DELETE FROM {table} WHERE id = {base + 2}",
                    f"INSERT INTO {table} (id, `{family.name}`) VALUES ({10000 + base}, {values[0]})",
                ]
                planted[table] |= {("missing", base + 2), ("extra", 10000 + base)}
                if table == name:
                    planted[table] |= {("different", base + row) for row in changed}
                else:
                    statements.append(f"INSERT INTO {table} SELECT * FROM {table} WHERE id = {base + 7}")
                    planted[table] |= {(kind, base + row) for row in changed for kind in ("missing", "extra")}
                    planted[table].add(("extra", base + 7))
    target.execute(*statements)
    return planted


KEYS = (
    ("k_text", "k VARCHAR(20)", ("'a'", "'B'", "'c '", "'é'", "'Z'")),
    ("k_latin1", "k VARCHAR(20) CHARACTER SET latin1", ("'a'", "'B'", "'ü'", "'é'", "'Z'")),
    ("k_enum", "k ENUM('z', 'y', 'x', 'w', 'v')", ("'z'", "'y'", "'x'", "'w'", "'v'")),
    ("k_binary", "k VARBINARY(20)", ("X''", "X'00'", "X'6100'", "X'61'", "X'ff'")),
    (
        "k_unsigned",
        "k BIGINT UNSIGNED",
        ("0", "1", "9223372036854775808", "18446744073709551614", "18446744073709551615"),
    ),
    ("k_decimal", "k DECIMAL(30, 10)", ("-1.5", "0", "0.0000000001", "2", "3")),
    (
        "k_datetime",
        "k DATETIME(6)",
        ("'2020-01-01'", "'2020-01-01 00:00:00.000001'", "'2021-01-01'", "'2022-01-01'", "'2023-01-01'"),
    ),
)


def create_keyed(source: Server, database: str) -> None:
    """A table for each kind of key, some also as the second column of a key."""
    statements = [f"USE `{database}`"]
    for name, definition, keys in KEYS:
        single = ", ".join(f"({key}, {place})" for place, key in enumerate(keys))
        double = ", ".join(f"({place % 2}, {key}, {place})" for place, key in enumerate(keys))
        statements += [
            f"CREATE TABLE {name} ({definition} NOT NULL PRIMARY KEY, v INT)",
            f"INSERT INTO {name} VALUES {single}",
            f"CREATE TABLE {name}_2 (a INT, {definition} NOT NULL, v INT, PRIMARY KEY (a, k))",
            f"INSERT INTO {name}_2 VALUES {double}",
        ]
    source.execute(*statements)


def plant_keyed(target: Server, database: str) -> dict[str, int]:
    """Damage the first row, remove the second, swap the values of the next two; how many rows differ."""
    statements = [f"USE `{database}`"]
    planted = {}
    for name, _, _ in KEYS:
        for table in (name, f"{name}_2"):
            statements += [
                f"UPDATE {table} SET v = 100 WHERE v = 0",
                f"DELETE FROM {table} WHERE v = 1",
                f"UPDATE {table} SET v = 5 - v WHERE v IN (2, 3)",
            ]
            planted[table] = 4
    target.execute(*statements)
    return planted
