"""Which rights a source user must have for what a job does, and what is said when one is missing."""

import pytest

from mysql_to_tidb.model.checks import Outcome
from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table, TableKind
from mysql_to_tidb.source.facts import SourceFacts
from mysql_to_tidb.source.precheck import Scope
from mysql_to_tidb.source.precheck_tables import source_privileges, visible_objects

KEYED = Table(
    TableName("shop", "t"),
    (Column("id", "int", "int", nullable=False),),
    (Index("PRIMARY", unique=True, parts=(IndexPart("id"),)),),
)
KEYLESS = Table(TableName("shop", "heap"), (Column("id", "int", "int"),))
KEYLESS_MYISAM = Table(TableName("shop", "isam"), (Column("id", "int", "int"),), engine="MyISAM")
VIEW = Table(TableName("shop", "v"), (), kind=TableKind.VIEW)

READ = "GRANT SELECT, SHOW VIEW ON `shop`.* TO `u`@`%`"
FOLLOW = "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `u`@`%`"
LOCK = "GRANT LOCK TABLES ON `shop`.* TO `u`@`%`"
RELOAD = "GRANT RELOAD ON *.* TO `u`@`%`"
FLUSH = "GRANT FLUSH_TABLES ON *.* TO `u`@`%`"


def facts(*lines: str, gtids: bool = True, kind: str = "mysql", version: str = "8.4.5") -> SourceFacts:
    return SourceFacts(kind, "mover@10.0.%", version, {"gtid_mode": "ON" if gtids else "OFF"}, Grants.parse(lines))


def scope(
    *tables: Table,
    mode: Mode = Mode.BOTH,
    choice: ObjectChoice = ObjectChoice.of_databases(["shop"]),  # noqa: B008 - a frozen value
) -> Scope:
    return Scope(mode, choice, ("shop",), tables, connections=7)


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (facts(READ, FOLLOW), scope(KEYED, VIEW)),
        (facts(READ), scope(KEYED, mode=Mode.FULL)),
        (facts(READ, FOLLOW, LOCK, gtids=False), scope(KEYED)),
        (facts(READ, FOLLOW, RELOAD, gtids=False), scope(KEYED)),
        (facts(READ, FOLLOW, FLUSH, gtids=False), scope(KEYED)),
        (facts(READ, FOLLOW, LOCK), scope(KEYED, KEYLESS)),
        (facts(READ, FOLLOW, RELOAD), scope(KEYED, KEYLESS)),
        (facts(READ, FOLLOW, LOCK), scope(KEYLESS_MYISAM)),
        (facts(READ, FOLLOW), scope(KEYLESS, mode=Mode.INCREMENTAL)),
        (facts(READ, FOLLOW, kind="mariadb", version="10.11.19-MariaDB"), scope(KEYED, KEYLESS)),
        (facts(READ, FOLLOW, LOCK, gtids=False, kind="aurora"), scope(KEYED)),
        (facts("GRANT ALL PRIVILEGES ON *.* TO `u`@`%`", gtids=False), scope(KEYED, KEYLESS, KEYLESS_MYISAM, VIEW)),
    ],
)
def test_enough_rights_pass(known: SourceFacts, wanted: Scope) -> None:
    result = source_privileges(known, wanted)
    assert result.outcome is Outcome.PASS, result.reason


@pytest.mark.parametrize(
    ("known", "wanted", "grant"),
    [
        (facts(FOLLOW), scope(KEYED), "GRANT SELECT ON `shop`.* TO 'mover'@'10.0.%'"),
        (facts("GRANT SELECT ON `shop`.* TO `u`", FOLLOW), scope(VIEW), "GRANT SHOW VIEW ON `shop`.*"),
        (
            facts(READ, "GRANT REPLICATION CLIENT ON *.* TO `u`"),
            scope(KEYED),
            "GRANT REPLICATION SLAVE ON *.* TO 'mover'@'10.0.%'",
        ),
        (facts(READ, "GRANT REPLICATION SLAVE ON *.* TO `u`"), scope(KEYED), "GRANT REPLICATION CLIENT ON *.*"),
        (facts(READ, FOLLOW, gtids=False), scope(KEYED), "GRANT LOCK TABLES ON `shop`.*"),
        (facts(READ, FOLLOW), scope(KEYLESS), "GRANT LOCK TABLES ON `shop`.*"),
        (facts(READ, FOLLOW, RELOAD), scope(KEYLESS_MYISAM), "GRANT LOCK TABLES ON `shop`.*"),
        (facts(READ, FOLLOW, RELOAD, gtids=False, kind="rds"), scope(KEYED), "GRANT LOCK TABLES ON `shop`.*"),
        (
            facts(READ, FOLLOW, kind="mariadb", version="10.11.19-MariaDB"),
            scope(KEYLESS_MYISAM),
            "GRANT LOCK TABLES ON `shop`.*",
        ),
    ],
)
def test_a_missing_right_fails_with_the_statement_that_grants_it(known: SourceFacts, wanted: Scope, grant: str) -> None:
    result = source_privileges(known, wanted)
    assert result.outcome is Outcome.FAILED
    assert grant in result.solution
    assert result.documentation


def test_tables_that_the_user_cannot_see_are_not_left_out_in_silence() -> None:
    single = facts("GRANT SELECT ON `shop`.`t` TO `u`", FOLLOW)
    whole = facts(READ, FOLLOW)
    assert visible_objects(single, scope(KEYED, choice=ObjectChoice.of_tables(["shop.t"]))) is None
    by_name = visible_objects(single, scope(KEYED))
    assert by_name is not None
    assert by_name.outcome is Outcome.FAILED
    everything = visible_objects(whole, scope(KEYED, choice=ObjectChoice.everything()))
    assert everything is not None
    assert everything.outcome is Outcome.WARNING
    chosen = visible_objects(whole, scope(KEYED))
    assert chosen is not None
    assert chosen.outcome is Outcome.PASS
