"""Every error that a user can meet, as one small tree.

    MigrationError
    ├── InvalidJob                    JOB_INVALID
    ├── JobAlreadyRunning             JOB_ALREADY_RUNNING
    ├── JobFenced                     JOB_FENCED
    ├── JobNotFound                   JOB_NOT_FOUND
    ├── JobLimitReached               JOB_LIMIT_REACHED
    ├── JobChanged                    JOB_CHANGED
    ├── PrecheckFailed                PRECHECK_FAILED
    ├── NotYetConsistent              NOT_YET_CONSISTENT
    ├── NotEqual                      NOT_EQUAL
    ├── CutoverRefused                CUTOVER_REFUSED
    ├── UnsupportedSchema             UNSUPPORTED_SCHEMA
    ├── SourceError
    │   ├── SourceConnectionFailed    SOURCE_CONNECTION
    │   ├── SourceUnavailable         SOURCE_UNAVAILABLE    (retryable)
    │   ├── SourceRefused             SOURCE_REFUSED
    │   └── SourcePositionUnsafe      SOURCE_POSITION_UNSAFE
    ├── StreamError                   the binlog cannot be followed any further
    │   ├── BinlogPurged              BINLOG_PURGED
    │   ├── BinlogServerIdTaken       BINLOG_SERVER_ID_TAKEN
    │   ├── BinlogHistoryChanged      BINLOG_HISTORY_CHANGED
    │   ├── BinlogCorrupt             BINLOG_CORRUPT
    │   ├── BinlogContradiction       BINLOG_CONTRADICTION
    │   ├── BinlogEventUnknown        BINLOG_EVENT_UNKNOWN
    │   ├── BinlogRowImagePartial     BINLOG_ROW_IMAGE_PARTIAL
    │   ├── BinlogStatementChange     BINLOG_STATEMENT_CHANGE
    │   ├── BinlogIncident            BINLOG_INCIDENT
    │   ├── SchemaMismatch            SCHEMA_MISMATCH
    │   └── DdlRefused                DDL_REFUSED
    ├── ValueUnrepresentable          VALUE_UNREPRESENTABLE
    ├── LocalStorageFailed            LOCAL_STORAGE
    └── TargetError
        ├── TargetConnectionFailed    TARGET_CONNECTION
        ├── TargetUnavailable         TARGET_UNAVAILABLE     (retryable)
        ├── TargetConnectionLost      TARGET_CONNECTION_LOST (retryable)
        ├── TargetBusy                TARGET_BUSY            (retryable)
        ├── TargetStorageFull         TARGET_STORAGE_FULL
        ├── TargetRefused             TARGET_REFUSED
        └── TargetConflict            TARGET_CONFLICT

Each says what happened (`message`), where (`where`: table, key range or position), what to do (`hint`),
and whether trying again by itself can help (`retryable`). `restart_helps` tells the user whether Restart
is worth it once the cause is mended. Driver errors are turned into these by number, in
`source/connection.py` and `target/connection.py` alone.
"""

from typing import ClassVar


class MigrationError(Exception):
    """Something that stops or delays a job; never a lost change."""

    code: ClassVar[str] = "MIGRATION_ERROR"
    retryable: ClassVar[bool] = False
    restart_helps: ClassVar[bool] = True
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint or self.default_hint

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect carries exceptions between processes; the keyword arguments must survive pickling.
        return (_rebuild, (type(self), self.message, self.where, self.hint))

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def lines(self) -> list[str]:
        """The error as the terminal prints it: `CODE: message`, then where and what to do."""
        lines = [str(self)]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  what to do: {self.hint}")
        return lines


def _rebuild(kind: type[MigrationError], message: str, where: str, hint: str) -> MigrationError:
    return kind(message, where=where, hint=hint)


class InvalidJob(MigrationError):
    """The job file or a parameter cannot be used as it is; nothing has been written."""

    code = "JOB_INVALID"
    default_hint = "correct the job file and try again"


class JobAlreadyRunning(MigrationError):
    """Another process runs this job."""

    code = "JOB_ALREADY_RUNNING"
    default_hint = "use `status` to look at it, `pause` to stop it, or wait until it has ended"


class JobFenced(MigrationError):
    """A newer run of this job has taken over; this one has stopped writing."""

    code = "JOB_FENCED"
    default_hint = "nothing to do: the newer run goes on from the last commit"


class JobNotFound(MigrationError):
    """The target knows no job of this name."""

    code = "JOB_NOT_FOUND"
    default_hint = "`list` shows the jobs of a target; `start` creates one"


class JobLimitReached(MigrationError):
    """The target already holds as many jobs as it may."""

    code = "JOB_LIMIT_REACHED"
    default_hint = "delete a job that is no longer needed, or raise MYSQL_TO_TIDB_JOBS_MAX"


class JobChanged(MigrationError):
    """The job was started with other settings than the job file has now."""

    code = "JOB_CHANGED"
    default_hint = "put the old settings back, or start a job under a new name"


class SetupFailed(MigrationError):
    """A Prefect server could not be made ready."""

    code = "SETUP_FAILED"
    default_hint = "check PREFECT_API_URL and try again: what is done already stays"


class PrecheckFailed(MigrationError):
    """At least one precheck item failed."""

    code = "PRECHECK_FAILED"
    default_hint = "mend the failed items and check again"


class UnsupportedSchema(MigrationError):
    """A table or column that cannot be carried rightly; it is never carried wrongly."""

    code = "UNSUPPORTED_SCHEMA"
    default_hint = "exclude the table from the job, or change the column at the source"


class NotYetConsistent(MigrationError):
    """The target cannot equal the source yet: rows, or changes made while they were copied, are missing."""

    code = "NOT_YET_CONSISTENT"
    default_hint = "let the job run until `status` says since when it is consistent"


class NotEqual(MigrationError):
    """A validation has found rows that differ, or could not compare all of them."""

    code = "NOT_EQUAL"
    default_hint = "the validation's report names the rows; `validate --repair` makes them equal"


class CutoverRefused(MigrationError):
    """NO-GO: applications must not be pointed at the target."""

    code = "CUTOVER_REFUSED"


class SourceError(MigrationError):
    """The source database could not do what was asked of it."""

    code = "SOURCE_ERROR"


class SourceConnectionFailed(SourceError):
    """Failed to connect to the source database using given parameters."""

    code = "SOURCE_CONNECTION"
    default_hint = "check host, port, user, password and TLS settings of the source"


class SourceUnavailable(SourceError):
    """The source went away, or has no connection to spare."""

    code = "SOURCE_UNAVAILABLE"
    retryable = True
    default_hint = "check that the source is up and that max_connections has not been reached"


class SourceRefused(SourceError):
    """The source refused a statement."""

    code = "SOURCE_REFUSED"


class SourcePositionUnsafe(SourceError):
    """No binlog position can be taken that is sure to miss no change."""

    code = "SOURCE_POSITION_UNSAFE"
    default_hint = "grant RELOAD or LOCK TABLES to the source user, or switch GTIDs on at the source"


class StreamError(MigrationError):
    """The binlog cannot be followed beyond `where`; everything before it has been applied or can be."""

    code = "STREAM_ERROR"


class BinlogPurged(StreamError):
    """The source no longer has the binary log that the job needs."""

    code = "BINLOG_PURGED"
    restart_helps = False
    default_hint = "create a new job; keep the source's binary logs longer than the full load takes"


class BinlogServerIdTaken(StreamError):
    """Another replica registered at the source with this job's server id."""

    code = "BINLOG_SERVER_ID_TAKEN"
    default_hint = "stop the other replica, or give this job another server_id"


class BinlogHistoryChanged(StreamError):
    """The server at the source's address has another history than the one the job followed."""

    code = "BINLOG_HISTORY_CHANGED"
    default_hint = "point the job at the old source or at a replica of it with GTIDs, or create a new job"


class BinlogCorrupt(StreamError):
    """An event arrived damaged: its checksum or its structure is wrong."""

    code = "BINLOG_CORRUPT"
    default_hint = "Restart reads it again; if it stays damaged, the source's binary log file is"


class BinlogContradiction(StreamError):
    """A row change that the changes before it in the same log rule out: some were made without being logged."""

    code = "BINLOG_CONTRADICTION"
    default_hint = (
        "find out which changes of this row the source did not log (a cascading foreign key before MySQL 9.6 and "
        "in MariaDB, sql_log_bin=0, a non-transactional table); Restart lets the source's rows win"
    )


class BinlogEventUnknown(StreamError):
    """An event type that is not on the list of those that are understood."""

    code = "BINLOG_EVENT_UNKNOWN"


class BinlogRowImagePartial(StreamError):
    """A row event without all columns."""

    code = "BINLOG_ROW_IMAGE_PARTIAL"
    default_hint = "set binlog_row_image=FULL for every session of the source, then create a new job"


class BinlogStatementChange(StreamError):
    """A change of a migrated table that was logged as a statement, not as rows."""

    code = "BINLOG_STATEMENT_CHANGE"
    default_hint = "set binlog_format=ROW for every session of the source, then create a new job"


class BinlogIncident(StreamError):
    """The source itself says that its binary log has a gap."""

    code = "BINLOG_INCIDENT"
    restart_helps = False
    default_hint = "create a new job"


class SchemaMismatch(StreamError):
    """A row event does not fit the shape that its table has at this position."""

    code = "SCHEMA_MISMATCH"


class DdlRefused(StreamError):
    """A schema change that was not carried out at the target."""

    code = "DDL_REFUSED"


class ValueUnrepresentable(MigrationError):
    """A value that the target could not hold as it is."""

    code = "VALUE_UNREPRESENTABLE"
    default_hint = "correct the value at the source, or exclude its table"


class LocalStorageFailed(MigrationError):
    """The disk of this machine could not hold a large transaction of the source until its end."""

    code = "LOCAL_STORAGE"
    default_hint = "free space there or name another folder (spool_folder in the job's spec), then start the job again"


class TargetError(MigrationError):
    """The target database could not do what was asked of it."""

    code = "TARGET_ERROR"


class TargetConnectionFailed(TargetError):
    """Failed to connect to the TiDB cluster."""

    code = "TARGET_CONNECTION"
    default_hint = "check host, port, user, password and TLS settings of the target"


class TargetUnavailable(TargetError):
    """Failed to connect to the TiDB cluster: nothing answers, or it has no connection to spare."""

    code = "TARGET_UNAVAILABLE"
    retryable = True
    default_hint = "check that the TiDB cluster is up and can be reached from here"


class TargetConnectionLost(TargetError):
    """The target went away in mid-work (driver: bad connection)."""

    code = "TARGET_CONNECTION_LOST"
    retryable = True
    default_hint = "check that the TiDB cluster is up; the job goes on from the last commit"


class TargetBusy(TargetError):
    """The target asked to try again: deadlock, write conflict, schema change, server is busy."""

    code = "TARGET_BUSY"
    retryable = True


class TargetStorageFull(TargetError):
    """The target has no space left."""

    code = "TARGET_STORAGE_FULL"
    default_hint = "increase the node storage of TiKV, then Restart"


class TargetRefused(TargetError):
    """The target refused rows or a statement, and would again."""

    code = "TARGET_REFUSED"


class TargetConflict(TargetError):
    """A change met a row in the target that the job did not put there, or missed one that it had."""

    code = "TARGET_CONFLICT"
    default_hint = "find out who else writes to the target; Restart lets the source's rows win"
