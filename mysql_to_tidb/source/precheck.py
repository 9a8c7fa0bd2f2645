"""Precheck items about the source server; each looks at facts that were read before, and asks nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.model.gtids import MariadbGtidSet, MysqlGtidSet
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.advice import Advice, enable_binlog, keep_binlogs, set_variable
from mysql_to_tidb.source.facts import SourceFacts

HOURS_KEPT_MIN = 24
CLOCK_SKEW_SECONDS_MAX = 10
OLDEST_MYSQL = (5, 6)
NEWEST_MYSQL = (9, 99)
OLDEST_MARIADB = (10, 0)
NEWEST_MARIADB = (12, 99)


@dataclass(frozen=True)
class Scope:
    """What a job is about to do at the source."""

    mode: Mode
    choice: ObjectChoice
    databases: tuple[str, ...]
    tables: tuple[Table, ...]
    """Views among them."""
    connections: int
    """That the job opens at the most."""
    unreadable: tuple[Table, ...] = ()
    """Chosen too, but the user may not read them, so that nobody knows all of their columns."""
    load_seconds: float = 0.0
    """Estimated duration of the full load."""
    start_file: str = ""
    """Binary log file that an incremental job starts in; empty for `now` and for GTIDs."""
    start_gtid: str = ""
    """GTIDs behind which an incremental job starts."""

    @property
    def follows(self) -> bool:
        """Whether changes are read from the binary log."""
        return self.mode is not Mode.FULL


Item = Callable[[SourceFacts, Scope], CheckResult | None]
"""An item; None where it does not concern the job."""


def passed(item: str, reason: str) -> CheckResult:
    return CheckResult(item, Outcome.PASS, reason, where="source")


def flagged(item: str, outcome: Outcome, reason: str, advice: Advice) -> CheckResult:
    return CheckResult(item, outcome, reason, advice.solution, "source", advice.documentation)


def failed(item: str, reason: str, advice: Advice) -> CheckResult:
    return flagged(item, Outcome.FAILED, reason, advice)


def warned(item: str, reason: str, advice: Advice) -> CheckResult:
    return flagged(item, Outcome.WARNING, reason, advice)


def source_version(facts: SourceFacts, scope: Scope) -> CheckResult:
    item = "source_version"
    if facts.tidb:
        outcome = Outcome.FAILED if scope.follows else Outcome.WARNING
        advice = Advice("use TiCDC to follow a TiDB cluster", "https://docs.pingcap.com/tidb/stable/ticdc-overview")
        return flagged(item, outcome, f"{facts.version} is TiDB, which has no binary log", advice)
    numbers = facts.version_numbers
    oldest, newest = (OLDEST_MARIADB, NEWEST_MARIADB) if facts.mariadb else (OLDEST_MYSQL, NEWEST_MYSQL)
    if numbers < oldest:
        advice = Advice("upgrade the source, or replicate it to a newer server first")
        return failed(item, f"{facts.version} is older than {oldest[0]}.{oldest[1]}", advice)
    if numbers > newest:
        return warned(item, f"{facts.version} is newer than what has been tried", Advice("rehearse with a copy first"))
    return passed(item, facts.version)


def server_id(facts: SourceFacts, scope: Scope) -> CheckResult:
    number = facts.number("server_id") or 0
    if number > 0:
        return passed("server_id", f"server_id is {number}")
    reason = "server_id is not greater than 0: the source refuses replicas"
    return failed("server_id", reason, set_variable(facts, "server_id", "1"))


def binlog_enabled(facts: SourceFacts, scope: Scope) -> CheckResult:
    if facts.variable("log_bin") == "ON":
        return passed("binlog_enabled", "the binary log is on")
    reader = facts.variable("innodb_read_only") == "ON"
    reason = "the binary log is off" + (", and this is a reader: connect to the writer" if reader else "")
    return failed("binlog_enabled", reason, enable_binlog(facts))


def binlog_format(facts: SourceFacts, scope: Scope) -> CheckResult:
    return _wanted(facts, "binlog_format", "ROW")


def binlog_row_image(facts: SourceFacts, scope: Scope) -> CheckResult | None:
    if not facts.variable("binlog_row_image"):
        return None  # before MySQL 5.6.2 and MariaDB 10.1.6 row images were always full
    return _wanted(facts, "binlog_row_image", "FULL")


def _wanted(facts: SourceFacts, name: str, value: str) -> CheckResult:
    present = facts.variable(name)
    if present == value:
        return passed(name, f"{name} is {value}")
    return failed(name, f"{name} is {present or 'not set'}, must be {value}", set_variable(facts, name, value))


def binlog_database_filters(facts: SourceFacts, scope: Scope) -> CheckResult:
    """The source ignores `binlog_ignore_db` for databases once `binlog_do_db` is set."""
    item = "binlog_database_filters"
    if facts.binlog_do is None or facts.binlog_ignore is None:
        reason = "binlog_do_db and binlog_ignore_db cannot be read"
        return warned(item, reason, Advice("grant REPLICATION CLIENT to the source user and check again"))
    advice = Advice("correct binlog_do_db and binlog_ignore_db in the configuration file and restart the source")
    do, ignore = (_folded(names, facts) for names in (facts.binlog_do, facts.binlog_ignore))
    if do:
        left_out = [name for name in scope.databases if _fold(name, facts) not in do]
        if left_out:
            listed = f"[{', '.join(left_out)}] are not in binlog_do_db [{', '.join(facts.binlog_do)}]"
            return failed(item, f"These dbs {listed}", advice)
        return passed(item, "binlog_do_db holds every migrated database")
    ignored = [name for name in scope.databases if _fold(name, facts) in ignore]
    if ignored:
        listed = f"[{', '.join(ignored)}] are in binlog_ignore_db [{', '.join(facts.binlog_ignore)}]"
        return failed(item, f"these dbs {listed}", advice)
    return passed(item, "no migrated database is filtered out of the binary log")


def _fold(name: str, facts: SourceFacts) -> str:
    return name.lower() if facts.fold_case else name


def _folded(names: tuple[str, ...], facts: SourceFacts) -> set[str]:
    return {_fold(name, facts) for name in names}


def hours_kept(facts: SourceFacts) -> float | None:
    """How long the source keeps binary logs; None where it never purges them by itself."""
    if facts.kind in {"rds", "aurora"}:
        return facts.retention_hours
    if facts.variable("binlog_expire_logs_auto_purge") == "OFF":
        return None
    seconds = facts.number("binlog_expire_logs_seconds") or 0
    days = facts.number("expire_logs_days") or 0
    return seconds / 3600 or days * 24 or None


def binlog_retention(facts: SourceFacts, scope: Scope) -> CheckResult:
    item = "binlog_retention"
    hours, load_hours = hours_kept(facts), scope.load_seconds / 3600
    if hours is None:
        return _unlimited_retention(facts)
    advice = keep_binlogs(facts, max(HOURS_KEPT_MIN * 7, int(load_hours * 3) + 1))
    kept = f"binary logs are kept for {hours:g} hours"
    if hours == 0:
        return failed(item, "binary logs are purged as soon as the service has no use for them", advice)
    if scope.mode is Mode.BOTH and hours < load_hours:
        return failed(item, f"{kept}, but the full load is estimated to take {load_hours:.1f} hours", advice)
    if hours < HOURS_KEPT_MIN:
        return warned(item, f"{kept}, should be {HOURS_KEPT_MIN} at least", advice)
    return passed(item, kept)


def _unlimited_retention(facts: SourceFacts) -> CheckResult:
    item = "binlog_retention"
    if facts.kind in {"rds", "aurora"}:
        advice = keep_binlogs(facts, HOURS_KEPT_MIN * 7)
        return warned(item, "how long binary logs are kept cannot be read; by default they go at once", advice)
    limit = facts.number("max_binlog_total_size")
    if limit:
        reason = f"binary logs are purged once they take {limit} bytes, however young they are"
        return warned(item, reason, set_variable(facts, "max_binlog_total_size", "0"))
    return passed(item, "binary logs are kept until they are purged by hand")


def binlog_compression(facts: SourceFacts, scope: Scope) -> CheckResult:
    names = ("binlog_transaction_compression", "log_bin_compress")
    on = [name for name in names if facts.variable(name) in {"ON", "1"}]
    return passed("binlog_compression", f"{on[0]} is on; compressed events are read" if on else "off")


def partial_json(facts: SourceFacts, scope: Scope) -> CheckResult:
    if "PARTIAL_JSON" not in facts.variable("binlog_row_value_options"):
        return passed("partial_json", "changed JSON documents are logged in full")
    reason = "binlog_row_value_options is PARTIAL_JSON: the log holds parts of documents only"
    return failed("partial_json", reason, set_variable(facts, "binlog_row_value_options", "''"))


def gtid_mode(facts: SourceFacts, scope: Scope) -> CheckResult:
    if facts.gtids:
        return passed("gtid_mode", "every transaction has a GTID: the job can follow a failover")
    reason = "the source has no GTIDs: the job follows file and offset, and cannot follow a failover"
    return passed("gtid_mode", reason)


def replica_source(facts: SourceFacts, scope: Scope) -> CheckResult:
    item = "replica_source"
    if facts.is_replica is False:
        return passed(item, "the source is no replica")
    logs = facts.variable("log_replica_updates") or facts.variable("log_slave_updates")
    variable = "log_replica_updates" if facts.variable("log_replica_updates") else "log_slave_updates"
    if logs == "ON":
        return passed(item, "the source logs what it replicates")
    advice = set_variable(facts, variable, "ON")
    if facts.is_replica:
        return failed(item, f"the source is a replica, and {variable} is OFF: what it replicates is not logged", advice)
    reason = f"{variable} is OFF, and whether the source is a replica cannot be read"
    return warned(item, reason, Advice(f"if it is one: {advice.solution}", advice.documentation))


def xa(facts: SourceFacts, scope: Scope) -> CheckResult:
    advice = Advice("end prepared transactions before the start; keep XA off the migrated tables")
    if facts.xa_prepared:
        return warned("xa", f"{facts.xa_prepared} distributed transactions (XA) are prepared now", advice)
    if facts.status.get("com_xa_prepare", 0):
        reason = "distributed transactions (XA) are in use: the job stops at one that changes a migrated table"
        return warned("xa", reason, advice)
    return passed("xa", "no distributed transactions (XA)")


def clock_skew(facts: SourceFacts, scope: Scope) -> CheckResult:
    skew = facts.clock_skew_seconds
    if abs(skew) <= CLOCK_SKEW_SECONDS_MAX:
        return passed("clock_skew", f"the clocks differ by {abs(skew):.1f} seconds")
    reason = f"the source's clock is {abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} this machine's"
    return warned("clock_skew", f"{reason}: the lag that is shown is wrong by that", Advice("synchronise both by NTP"))


def max_connections(facts: SourceFacts, scope: Scope) -> CheckResult:
    item = "source_max_connections"
    limit, used = facts.number("max_connections") or 0, facts.status.get("threads_connected", 0)
    per_user = facts.number("max_user_connections") or 0
    needed = scope.connections
    advice = set_variable(facts, "max_connections", str(used + needed + 50))
    advice = Advice(f"{advice.solution}, or choose a smaller spec", advice.documentation)
    if 0 < limit < needed or 0 < per_user < needed:
        smaller = min(number for number in (limit, per_user) if number)
        return failed(item, f"the source allows {smaller} connections, the job opens up to {needed}", advice)
    if limit and limit - used < needed:
        reason = f"of {limit} connections of the source {used} are in use, the job opens up to {needed} more"
        return warned(item, reason, advice)
    return passed(item, f"{used} of {limit or 'unlimited'} connections are in use, the job opens up to {needed}")


def statement_timeout(facts: SourceFacts, scope: Scope) -> CheckResult:
    """Limits that end a long read: milliseconds in MySQL, seconds in MariaDB."""
    name = "max_statement_time" if facts.mariadb else "max_execution_time"
    if not facts.number(name):
        return passed("statement_timeout", "no statement is cut short")
    reason = f"{name} is {facts.variables[name]}: it ends long reads"
    return warned("statement_timeout", reason, set_variable(facts, name, "0"))


PURGED = (
    "The required binary log for migration no longer exists on the source database. Please make sure binary log "
    "files are kept for long enough time for migration to succeed."
)


def start_position(facts: SourceFacts, scope: Scope) -> CheckResult | None:
    if scope.start_gtid:
        return _start_gtid(facts, scope.start_gtid)
    if not scope.start_file:
        return None
    item = "start_position"
    if facts.binlog_files is None:
        advice = Advice("grant REPLICATION CLIENT to the source user and check again")
        return warned(item, "the list of binary logs cannot be read", advice)
    if scope.start_file in facts.binlog_files:
        return passed(item, f"{scope.start_file} is there")
    oldest = facts.binlog_files[0] if facts.binlog_files else "none"
    reason = f"{PURGED} ({scope.start_file}; oldest: {oldest})"
    return failed(item, reason, Advice("start from a position that the source still has, or with a full load"))


def _start_gtid(facts: SourceFacts, text: str) -> CheckResult:
    item = "start_position"
    if not facts.gtids:
        return failed(item, "the source has no GTIDs", Advice("start from a file and its offset"))
    try:
        if facts.mariadb:
            MariadbGtidSet.parse(text)
            return passed(item, f"{text} is a GTID position")
        start, purged = MysqlGtidSet.parse(text), MysqlGtidSet.parse(facts.variables.get("gtid_purged", ""))
    except ValueError as error:
        return failed(item, f"{text} is not a set of GTIDs: {error}", Advice("correct `start` in the job file"))
    if start.contains(purged):
        return passed(item, "everything behind the start is still in the binary log")
    missing = purged.subtract(start)
    return failed(item, f"{PURGED} ({missing})", Advice("create a job that starts with a full load"))


ITEMS: tuple[Item, ...] = (source_version, max_connections)
LOADING_ITEMS: tuple[Item, ...] = (statement_timeout,)
FOLLOWING_ITEMS: tuple[Item, ...] = (
    server_id,
    binlog_enabled,
    binlog_format,
    binlog_row_image,
    binlog_database_filters,
    binlog_retention,
    binlog_compression,
    partial_json,
    gtid_mode,
    replica_source,
    xa,
    start_position,
    clock_skew,
)


def items_for(scope: Scope) -> tuple[Item, ...]:
    """The items that concern a job: those of the binary log only where it is read."""
    items = ITEMS + (FOLLOWING_ITEMS if scope.follows else ())
    return items + (LOADING_ITEMS if scope.mode is not Mode.INCREMENTAL else ())
