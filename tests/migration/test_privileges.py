"""What the users of a job must be allowed: each right that is missing is named by the statement that mends it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.stages.precheck import Request, run_precheck
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import LabServer, Server

StartServer = Callable[..., LabServer]
DOCUMENT = Path(__file__).parents[2] / "docs" / "privileges.md"
PASSWORD = "Secret-1"

READING = ("SELECT", "SHOW VIEW", "LOCK TABLES")
FOLLOWING = ("REPLICATION SLAVE", "REPLICATION CLIENT")
WRITING = ("CREATE", "SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "DROP", "INDEX", "CREATE VIEW", "REFERENCES")
TABLES = (
    "CREATE TABLE t (id INT PRIMARY KEY)",
    "CREATE TABLE child (id INT PRIMARY KEY, t INT, CONSTRAINT of_t FOREIGN KEY (t) REFERENCES t (id))",
    "CREATE TABLE heap (id INT) ENGINE=MyISAM",
    "CREATE VIEW v AS SELECT id FROM t",
)


def request(*databases: str, mode: Mode = Mode.BOTH) -> Request:
    choice = ObjectChoice.of_databases(databases) if databases else ObjectChoice.everything()
    return Request(choice, mode, connections=7, load_connections=4)


def checked(source: Server, target: Server, wanted: Request) -> dict[str, CheckResult]:
    results = run_precheck(source.settings, target.settings, wanted)
    assert all(result.solution for result in results if result.outcome is not Outcome.PASS)
    return {result.item: result for result in results}


def failures(results: dict[str, CheckResult]) -> dict[str, CheckResult]:
    return {item: result for item, result in results.items() if result.outcome is Outcome.FAILED}


def user(server: Server, name: str, *grants: str) -> Server:
    """The same server, as a user of its own with these rights."""
    server.execute(f"DROP USER IF EXISTS {name}@'%'", f"CREATE USER {name}@'%' IDENTIFIED BY '{PASSWORD}'")
    server.execute("FLUSH PRIVILEGES", *(f"GRANT {grant} TO {name}@'%'" for grant in grants))
    return Server(replace(server.settings, user=name, password=PASSWORD))


def told(results: dict[str, CheckResult]) -> list[str]:
    """The GRANT statements that the failures name."""
    solutions = " ; ".join(result.solution for result in failures(results).values())
    return [f"GRANT {rest}" for rest in re.findall(r"GRANT (.*? TO '[^']*'@'[^']*')", solutions)]


def fill(server: Server, database: str) -> None:
    server.execute(f"CREATE DATABASE `{database}`", f"USE `{database}`", *TABLES)


@pytest.fixture(params=list(Kind))
def server(request: pytest.FixtureRequest, start_server: StartServer) -> LabServer:
    """A source whose users a test may change, without GTIDs and without anonymous users."""
    server = start_server(request.param, "--loose-gtid-mode=OFF", "--loose-enforce-gtid-consistency=OFF")
    if request.param is Kind.MARIADB:
        server.execute("DELETE FROM mysql.global_priv WHERE User = ''", "FLUSH PRIVILEGES")
    fill(server, "shop")
    return server


@pytest.fixture
def target_user(target: Server, database_name: str) -> Iterator[Callable[..., Server]]:
    """Makes the one user of this test at the target."""
    name = f"u_{database_name}"
    yield lambda *grants: user(target, name, *grants)
    target.execute(f"DROP USER IF EXISTS {name}@'%'")


def on(database: str, *privileges: str) -> list[str]:
    return [f"{', '.join(privileges)} ON `{database}`.*"] if privileges else []


def test_the_statement_for_each_right_that_the_source_lacks_mends_it(server: LabServer, target: Server) -> None:
    everything = [*on("shop", *READING), "REPLICATION SLAVE, REPLICATION CLIENT ON *.*"]
    assert failures(checked(user(server, "mover", *everything), target, request("shop"))) == {}
    for lacking in (*READING, *FOLLOWING):
        reading = [right for right in READING if right != lacking]
        following = ", ".join(right for right in FOLLOWING if right != lacking)
        mover = user(server, "mover", *on("shop", *reading), f"{following} ON *.*")
        found = checked(mover, target, request("shop"))
        statements = told(found)
        assert any(lacking in statement for statement in statements), found
        server.execute(*statements)
        assert failures(checked(mover, target, request("shop"))) == {}, lacking


def test_a_user_without_any_right_is_told_all_of_them_step_by_step(server: LabServer, target: Server) -> None:
    mover = user(server, "mover")
    for _ in range(3):
        if statements := told(checked(mover, target, request("shop"))):
            server.execute(*statements)
    assert failures(checked(mover, target, request("shop"))) == {}


def test_the_statement_for_each_right_that_the_target_lacks_mends_it(
    source_mysql: Server, target: Server, target_user: Callable[..., Server], database_name: str
) -> None:
    fill(source_mysql, database_name)
    for lacking in WRITING:
        rest = [right for right in WRITING if right != lacking]
        mover = target_user(*on(database_name, *rest), *on("mysql_to_tidb", *rest))
        found = failures(checked(source_mysql, mover, request(database_name)))
        assert set(found) == {"target_privileges"}
        assert f"GRANT {lacking} ON `{database_name}`.*" in found["target_privileges"].solution
        target.execute(*told(found))
        assert failures(checked(source_mysql, mover, request(database_name))) == {}, lacking


def test_a_role_counts_when_it_is_active(server: LabServer, target: Server) -> None:
    server.execute(
        "CREATE ROLE copier",
        "GRANT SELECT, SHOW VIEW, LOCK TABLES ON `sh%`.* TO copier",
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO copier",
    )
    mover = user(server, "mover")
    server.execute("GRANT copier TO mover@'%'")
    assert failures(checked(mover, target, request("shop")))
    word = "FOR" if server.settings.kind == "mariadb" else "TO"
    server.execute(f"SET DEFAULT ROLE copier {word} mover@'%'")
    assert failures(checked(mover, target, request("shop"))) == {}


def test_a_role_counts_at_the_target(
    source_mysql: Server, target: Server, target_user: Callable[..., Server], database_name: str
) -> None:
    fill(source_mysql, database_name)
    role = f"r_{database_name}"
    mover = target_user()
    target.execute(f"CREATE ROLE {role}")
    try:
        target.execute(
            f"GRANT {', '.join(WRITING)} ON `{database_name[:-2]}%`.* TO {role}",
            f"GRANT {', '.join(WRITING)} ON `mysql\\_to\\_tidb`.* TO {role}",
            f"GRANT {role} TO {mover.settings.user}@'%'",
        )
        assert "target_privileges" in failures(checked(source_mysql, mover, request(database_name)))
        target.execute(f"SET DEFAULT ROLE {role} TO {mover.settings.user}@'%'")
        assert failures(checked(source_mysql, mover, request(database_name))) == {}
    finally:
        target.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("server", [Kind.MARIADB], indirect=True)
def test_the_words_of_mariadb_count(server: LabServer, target: Server) -> None:
    for rights in ("REPLICATION REPLICA, BINLOG MONITOR, REPLICA MONITOR", "REPLICATION SLAVE, SUPER, BINLOG MONITOR"):
        mover = user(server, "mover", f"{rights} ON *.*", *on("shop", *READING))
        assert failures(checked(mover, target, request("shop"))) == {}
    server.execute("GRANT SELECT, SHOW VIEW, LOCK TABLES ON shop.* TO PUBLIC")
    mover = user(server, "mover", "REPLICATION SLAVE, BINLOG MONITOR ON *.*")
    assert failures(checked(mover, target, request("shop"))) == {}


@pytest.mark.parametrize("server", [Kind.MARIADB], indirect=True)
def test_the_rights_are_those_of_the_account_that_a_proxy_stands_for(server: LabServer, target: Server) -> None:
    user(server, "mover", *on("shop", *READING), "REPLICATION SLAVE, REPLICATION CLIENT ON *.*")
    front = user(server, "front", "PROXY ON mover@'%'")
    found = failures(checked(front, target, request("shop")))
    assert found
    assert all("'front'@'%'" in statement for statement in told(found))


@pytest.mark.parametrize("server", [Kind.MYSQL], indirect=True)
def test_what_a_partial_revoke_takes_away_is_missing(server: LabServer, target: Server) -> None:
    server.execute("SET GLOBAL partial_revokes = ON", "CREATE DATABASE secret", "CREATE TABLE secret.t (id INT)")
    mover = user(server, "mover", f"{', '.join((*READING, *FOLLOWING))} ON *.*")
    server.execute("REVOKE SELECT, SHOW VIEW, LOCK TABLES ON secret.* FROM mover@'%'")
    assert failures(checked(mover, target, request("shop"))) == {}
    hidden = checked(mover, target, request())["visible_objects"]
    assert hidden.outcome is Outcome.WARNING
    assert "secret" in hidden.reason
    server.execute("REVOKE SELECT ON shop.* FROM mover@'%'")
    found = checked(mover, target, request("shop"))
    server.execute(*told(found))
    assert failures(checked(mover, target, request("shop"))) == {}


def test_what_a_source_user_may_not_see_fails_instead_of_being_left_out(server: LabServer, target: Server) -> None:
    following = "REPLICATION SLAVE, REPLICATION CLIENT, RELOAD ON *.*"
    mover = user(server, "mover", following, "SELECT ON shop.t", "SELECT (id) ON shop.child")
    single = checked(mover, target, request("shop"))
    assert single["visible_objects"].outcome is Outcome.FAILED
    server.execute(*told(single))
    assert checked(mover, target, request("shop"))["visible_objects"].outcome is Outcome.PASS


@pytest.mark.parametrize("server", [Kind.MYSQL], indirect=True)
def test_locks_are_asked_for_only_where_the_snapshot_needs_them(
    server: LabServer, start_server: StartServer, target: Server
) -> None:
    rights = "SELECT, SHOW VIEW, REPLICATION SLAVE, REPLICATION CLIENT ON *.*"
    without = checked(user(server, "mover", rights), target, request("shop"))["source_privileges"]
    assert without.outcome is Outcome.FAILED
    assert "as the source has no GTIDs" in without.reason
    gtids = start_server(Kind.MYSQL, "--gtid-mode=ON", "--enforce-gtid-consistency=ON")
    gtids.execute("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)")
    assert failures(checked(user(gtids, "mover", rights), target, request("shop"))) == {}
    gtids.execute("CREATE TABLE shop.heap (id INT)")
    heap = checked(user(gtids, "mover", rights), target, request("shop"))["source_privileges"]
    assert "to read tables without a key" in heap.reason


def documented(heading: str, database: str, name: str) -> list[str]:
    """The statements under a heading of the document, for this database and user."""
    _, _, section = DOCUMENT.read_text().partition(f"### {heading}\n")
    code = section.partition("```sql\n")[2].partition("```")[0]
    code = code.replace("`shop`", f"`{database}`").replace("'mover'", f"'{name}'")
    return [statement.strip() for statement in code.split(";") if statement.strip()]


JOBS = {
    "MySQL with GTIDs": (Kind.MYSQL, ("--gtid-mode=ON", "--enforce-gtid-consistency=ON"), "both"),
    "MySQL without GTIDs, or tables without a key": (Kind.MYSQL, ("--gtid-mode=OFF",), "both"),
    "MariaDB": (Kind.MARIADB, (), "both"),
    "A full load only": (Kind.MARIADB, ("--skip-log-bin",), "full"),
}


@pytest.mark.parametrize("heading", JOBS)
def test_a_whole_job_runs_with_the_documented_rights_and_no_others(
    heading: str,
    start_server: StartServer,
    target: Server,
    target_user: Callable[..., Server],
    database_name: str,
    tmp_path: Path,
) -> None:
    kind, options, mode = JOBS[heading]
    source = start_server(kind, *options)
    if kind is Kind.MARIADB:
        source.execute("DELETE FROM mysql.global_priv WHERE User = ''", "FLUSH PRIVILEGES")
    bank.build(source, database_name)
    if heading == "MySQL with GTIDs":
        source.execute(
            f"DROP TABLE `{database_name}`.journal", f"CREATE TABLE `{database_name}`.journal (id INT PRIMARY KEY)"
        )
    source.execute(
        f"USE `{database_name}`",
        "CREATE VIEW rich AS SELECT id FROM account WHERE balance > 100",
        "CREATE TABLE card (id INT PRIMARY KEY, owner BIGINT UNSIGNED, FOREIGN KEY (owner) REFERENCES account (id))",
        "INSERT INTO card VALUES (1, 1)",
    )
    reader, writer = user(source, "mover"), target_user()
    source.execute(*documented(heading, database_name, "mover"))
    target.execute(*documented("TiDB", database_name, writer.settings.user))
    fields = job_fields(database_name, reader, writer, objects={"databases": [database_name]})
    job = JobRun(tmp_path, {}, **fields | {"mode": "full" if mode == "full" else "full+incremental"})
    ran = job.command("check")
    assert ran.code == 0, ran.out + ran.err
    loaded = job.drive("loaded")
    assert loaded.code == 0, loaded.err
    if mode == "both":
        source.execute(
            f"USE `{database_name}`",
            "UPDATE account SET balance = balance + 1 WHERE id < 300",
            "DELETE FROM transfer LIMIT 100",
            "CREATE TABLE late (id INT PRIMARY KEY, word VARCHAR(10))",
            "INSERT INTO late VALUES (1, 'x'), (2, 'y')",
            "ALTER TABLE late ADD COLUMN more INT NULL, ADD KEY word (word)",
            "RENAME TABLE late TO later",
            "TRUNCATE TABLE empty_table",
            "DROP TABLE card",
        )
        followed = job.drive()
        assert followed.code == 0, followed.err
    assert differences(source, target, database_name) == []
    assert target.execute(f"SELECT COUNT(*) FROM `{database_name}`.rich")[0][0] > 0
