"""How each kind of source is mended: what to change, where, and the vendor's page about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.source.facts import SourceFacts


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and where the vendor says more."""

    solution: str
    documentation: str = ""


_PARAMETERS = {
    "mysql": (
        "run SET PERSIST {name} = {value} (before MySQL 8.0: in the configuration file), then reconnect applications",
        "https://dev.mysql.com/doc/refman/8.4/en/replication-options-binary-log.html",
    ),
    "mariadb": (
        "run SET GLOBAL {name} = {value}, change the configuration file alike, then reconnect applications",
        "https://mariadb.com/kb/en/replication-and-binary-log-system-variables/",
    ),
    "rds": (
        "set {name} to {value} in the instance's DB parameter group, then reboot or have applications reconnect",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.BinaryFormat.html",
    ),
    "aurora": (
        "set {name} to {value} in the DB cluster parameter group, then reboot the writer",
        "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Replication.MySQL.html",
    ),
    "cloudsql": (
        "set the database flag {name} to {value}",
        "https://cloud.google.com/sql/docs/mysql/flags",
    ),
    "azure": (
        "set the server parameter {name} to {value}",
        "https://learn.microsoft.com/azure/mysql/flexible-server/concepts-server-parameters",
    ),
    "alibaba": (
        "set the parameter {name} to {value} in the console",
        "https://help.aliyun.com/en/rds/apsaradb-rds-for-mysql/modify-the-parameters-of-an-apsaradb-rds-for-mysql-instance",
    ),
}

_BINLOG = {
    "mysql": "put log_bin = binlog and a server_id under [mysqld] in the configuration file and restart the server",
    "mariadb": "put log_bin = binlog and a server_id under [mariadb] in the configuration file and restart the server",
    "rds": "switch automated backups on (a backup retention above 0 days), which switches the binary log on",
    "aurora": "set binlog_format to ROW in the DB cluster parameter group, reboot the writer and connect to it",
    "cloudsql": "switch on point-in-time recovery (binary logging) of the instance",
    "azure": "the binary log is always on there: connect to the primary server",
    "alibaba": "the binary log is always on there: connect to the primary instance",
}

_RETENTION = {
    "rds": (
        "run CALL mysql.rds_set_configuration('binlog retention hours', {hours})",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-configuring.html",
    ),
    "aurora": (
        "run CALL mysql.rds_set_configuration('binlog retention hours', {hours})",
        "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Replication.MySQL.html",
    ),
    "cloudsql": (
        "raise the days of transaction logs that point-in-time recovery keeps, above {hours} hours",
        "https://cloud.google.com/sql/docs/mysql/backup-recovery/pitr",
    ),
    "alibaba": (
        "raise the retention of the local binary log in the console, above {hours} hours",
        "https://help.aliyun.com/en/rds/apsaradb-rds-for-mysql/modify-the-parameters-of-an-apsaradb-rds-for-mysql-instance",
    ),
}


def set_variable(facts: SourceFacts, name: str, value: str) -> Advice:
    """How a global variable gets a value."""
    solution, documentation = _PARAMETERS.get(facts.kind, _PARAMETERS["mysql"])
    return Advice(solution.format(name=name, value=value), documentation)


def enable_binlog(facts: SourceFacts) -> Advice:
    """How the binary log is switched on."""
    kind = facts.kind if facts.kind in _BINLOG else "mysql"
    return Advice(_BINLOG[kind], _PARAMETERS[kind][1])


def keep_binlogs(facts: SourceFacts, hours: int) -> Advice:
    """How binary logs are kept for longer."""
    if facts.kind in _RETENTION:
        solution, documentation = _RETENTION[facts.kind]
        return Advice(solution.format(hours=hours), documentation)
    if facts.number("binlog_expire_logs_seconds") is None:
        return set_variable(facts, "expire_logs_days", str(-(-hours // 24)))
    return set_variable(facts, "binlog_expire_logs_seconds", str(hours * 3600))


def grant(facts: SourceFacts, privileges: str, on: str = "*.*") -> Advice:
    """The statement that gives the source user what it lacks."""
    user, _, host = facts.user.rpartition("@")
    manual = (
        "https://mariadb.com/kb/en/grant/" if facts.mariadb else "https://dev.mysql.com/doc/refman/8.4/en/grant.html"
    )
    return Advice(f"run GRANT {privileges} ON {on} TO '{user}'@'{host}'", manual)


def grants_on(facts: SourceFacts, privileges: Sequence[str], schemas: Iterable[str]) -> Advice:
    """A statement for each of some databases."""
    advice = [grant(facts, ", ".join(privileges), f"{quote_name(schema)}.*") for schema in schemas]
    return Advice("; ".join(one.solution for one in advice), advice[0].documentation if advice else "")
