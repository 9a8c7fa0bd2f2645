"""What SHOW GRANTS means, in the words of each server."""

import pytest

from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.names import TableName

T = TableName("shop", "orders")


def grants(*lines: str, literal_schemas: bool = False) -> Grants:
    return Grants.parse(lines, literal_schemas=literal_schemas)


@pytest.mark.parametrize(
    "line",
    [
        "GRANT SELECT, RELOAD ON *.* TO `u`@`%` WITH GRANT OPTION",
        "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION",
        "GRANT SELECT,INSERT ON `shop`.* TO 'u'@'%'",
        "GRANT SELECT ON `sh%`.* TO `u`@`%`",
        r"GRANT SELECT ON `s_op`.* TO `u`@`%`",
        "GRANT SELECT ON `shop`.`orders` TO `u`@`%`",
        "GRANT SELECT ON `shop`.* TO PUBLIC",
        "GRANT USAGE, SELECT ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*B6'",
    ],
)
def test_select_is_found_wherever_it_is_granted(line: str) -> None:
    assert grants("GRANT USAGE ON *.* TO `u`@`%`", line).on_table("SELECT", T)


@pytest.mark.parametrize(
    "line",
    [
        "GRANT SELECT (`id`), INSERT (`e`, `id`) ON `shop`.`orders` TO `u`@`%`",
        r"GRANT SELECT ON `s\_op`.* TO `u`@`%`",
        "GRANT SELECT ON `shop`.`order` TO `u`@`%`",
        "GRANT `reader`@`%` TO `u`@`%`",
        "GRANT `reader` TO `u`@`%` WITH ADMIN OPTION",
        "SET DEFAULT ROLE `reader` FOR `u`@`%`",
        "GRANT PROXY ON ``@`%` TO `u`@`%` WITH GRANT OPTION",
        "GRANT EXECUTE ON PROCEDURE `shop`.`orders` TO `u`@`%`",
        "GRANT LOCK TABLES ON `shop`.* TO `u`@`%`",
    ],
)
def test_select_is_not_found_where_it_is_not_granted(line: str) -> None:
    assert not grants(line).on_table("SELECT", T)


def test_wildcards_stand_for_themselves_under_partial_revokes() -> None:
    assert not grants("GRANT SELECT ON `sh%`.* TO `u`@`%`", literal_schemas=True).on_table("SELECT", T)


def test_a_partial_revoke_takes_back_a_global_grant() -> None:
    some = grants("GRANT SELECT, RELOAD ON *.* TO `u`@`%`", "REVOKE SELECT ON `shop`.* FROM `u`@`%`")
    assert some.globally("SELECT")
    assert not some.on_table("SELECT", T)
    assert some.on_table("SELECT", TableName("stock", "t"))


@pytest.mark.parametrize(
    ("line", "privilege"),
    [
        ("GRANT SELECT, RELOAD, BINLOG MONITOR ON *.* TO `u`@`%`", "REPLICATION CLIENT"),
        ("GRANT SUPER ON *.* TO `u`@`%`", "REPLICATION CLIENT"),
        ("GRANT REPLICATION REPLICA ON *.* TO `u`@`%`", "REPLICATION SLAVE"),
        ("GRANT FLUSH_TABLES,BACKUP_ADMIN ON *.* TO `u`@`%`", "RELOAD"),
        ("GRANT ALL PRIVILEGES ON *.* TO `u`@`%`", "REPLICATION SLAVE"),
    ],
)
def test_other_names_of_a_global_right_count(line: str, privilege: str) -> None:
    assert grants(line).globally(privilege)


def test_all_privileges_on_a_database_are_not_global() -> None:
    some = grants("GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`")
    assert some.on_schema("CREATE", "shop")
    assert not some.globally("REPLICATION SLAVE")
    assert not some.on_schema("CREATE", "stock")
