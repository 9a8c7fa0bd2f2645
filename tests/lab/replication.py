"""Makes one server the replica of another, and has it take the other's place."""

import time

from pymysql.cursors import DictCursor

from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server

OPTIONS = {
    Kind.MYSQL: (*SOURCE_OPTIONS, "--gtid-mode=ON", "--enforce-gtid-consistency=ON"),
    Kind.MARIADB: (*SOURCE_OPTIONS, "--log-slave-updates=ON", "--gtid-strict-mode=ON"),
}
CATCH_UP_SECONDS_MAX = 60


def start_pair(kind: Kind, *replica_options: str) -> tuple[LabServer, LabServer]:
    """A primary and its replica, the files of whose logs have different names and numbers."""
    primary = LabServer(kind, *OPTIONS[kind])
    replica = LabServer(kind, *OPTIONS[kind], "--log-bin=other", *replica_options)
    replica.execute("FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    replicate(primary, replica)
    return primary, replica


def replicate(primary: Server, replica: Server) -> None:
    """Has the replica follow the primary by GTID."""
    settings = primary.settings
    if _is_mariadb(replica):
        replica.execute(
            f"CHANGE MASTER TO MASTER_HOST='{settings.host}', MASTER_PORT={settings.port}, "
            f"MASTER_USER='{settings.user}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1",
            "START SLAVE",
        )
    else:
        replica.execute(
            f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='{settings.host}', SOURCE_PORT={settings.port}, "
            f"SOURCE_USER='{settings.user}', SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, GET_SOURCE_PUBLIC_KEY=1",
            "START REPLICA",
        )


def executed(server: Server) -> str:
    """What the server has executed, as GTIDs."""
    variable = "gtid_binlog_pos" if _is_mariadb(server) else "gtid_executed"
    return str(server.execute(f"SELECT @@GLOBAL.{variable}")[0][0]).replace("\n", "")


def catch_up(primary: Server, replica: Server) -> None:
    """Waits until the replica has all that the primary has now."""
    wanted, deadline = executed(primary), time.monotonic() + CATCH_UP_SECONDS_MAX
    while executed(replica) != wanted:
        assert time.monotonic() < deadline, (
            f"{wanted} at the primary, {executed(replica)} at the replica: {state(replica)}"
        )
        time.sleep(0.1)


def promote(replica: Server) -> None:
    """Has the replica follow nobody any more."""
    if _is_mariadb(replica):
        replica.execute("STOP SLAVE", "RESET SLAVE ALL")
    else:
        replica.execute("STOP REPLICA", "RESET REPLICA ALL")


def state(replica: Server) -> dict[str, object]:
    """What the replica says of its replication."""
    statement = "SHOW SLAVE STATUS" if _is_mariadb(replica) else "SHOW REPLICA STATUS"
    connection = replica.connect()
    try:
        with connection.cursor(DictCursor) as cursor:
            cursor.execute(statement)
            return dict(cursor.fetchone() or {})
    finally:
        connection.close()


def _is_mariadb(server: Server) -> bool:
    return "MariaDB" in server.version
