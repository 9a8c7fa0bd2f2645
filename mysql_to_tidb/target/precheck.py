"""Precheck items about the target, and about what becomes of the tables there."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.checks import CheckResult, Outcome, listed
from mysql_to_tidb.model.definitions import foreign_keys_of
from mysql_to_tidb.model.names import OWN_SCHEMA, TableName
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.target.facts import REPLICAS, TargetFacts
from mysql_to_tidb.target.schema import TableDdl, create_table_statement, foreign_key_statements
from mysql_to_tidb.target.schema_compare import incompatibilities
from mysql_to_tidb.target.schema_draft import Rewrite, Severity

OLDEST_TIDB = (7, 1)
"""From which on this software has been tried or its statements are documented alike."""
PRIVILEGES = ("CREATE", "SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "DROP", "INDEX")
"""TRUNCATE is part of DROP, in TiDB as in MySQL."""

ROW_BYTES_MAX = 6 << 20
"""What TiDB takes without being told otherwise (`txn-entry-size-limit`)."""
ROW_BYTES_EVER_MAX = 120 << 20
AVERAGE_ROW_BYTES_MAX = 1 << 20
"""Above it, single rows may well be too large for TiDB."""

LIMITATIONS = "https://docs.pingcap.com/tidb/stable/tidb-limitations"
DOCUMENTATION = "https://docs.pingcap.com/tidb/stable/mysql-compatibility"


@dataclass(frozen=True)
class Plan:
    """What a job is about to do at the target."""

    mode: Mode
    tables: tuple[Table, ...]
    """As the source has them, views among them."""
    connections: int
    own_tables: Collection[TableName] = ()
    """Those that the job itself has created or filled before."""
    ddl: dict[TableName, TableDdl] = field(default_factory=dict)
    unsupported: dict[TableName, UnsupportedSchema] = field(default_factory=dict)
    longest_rows: Mapping[TableName, int] = field(default_factory=dict)
    """Bytes, of the tables that were looked through."""

    @classmethod
    def of(cls, mode: Mode, tables: Sequence[Table], connections: int, own: Collection[TableName] = ()) -> Self:
        """Works out for every table how it would be created, or why it cannot be."""
        plan = cls(mode, tuple(tables), connections, own)
        for table in plan.base_tables:
            try:
                plan.ddl[table.name] = create_table_statement(table)
            except UnsupportedSchema as error:
                plan.unsupported[table.name] = error
        return plan

    @property
    def base_tables(self) -> list[Table]:
        return [table for table in self.tables if table.kind is TableKind.TABLE]

    @property
    def schemas(self) -> list[str]:
        return sorted({table.name.schema for table in self.tables})


Item = Callable[[TargetFacts, Plan], CheckResult | None]


def passed(item: str, reason: str) -> CheckResult:
    return CheckResult(item, Outcome.PASS, reason, where="target")


def warned(item: str, reason: str, solution: str, documentation: str = "") -> CheckResult:
    return CheckResult(item, Outcome.WARNING, reason, solution, "target", documentation)


def failed(item: str, reason: str, solution: str, documentation: str = "") -> CheckResult:
    return CheckResult(item, Outcome.FAILED, reason, solution, "target", documentation)


def target_is_tidb(facts: TargetFacts, plan: Plan) -> CheckResult:
    if not facts.tidb:
        reason = f"the target is {facts.version}, not TiDB"
        return warned("target_is_tidb", reason, "check the target's address, or ignore this in a rehearsal")
    found = re.search(r"v(\d+)\.(\d+)", facts.version)
    if found and (int(found[1]), int(found[2])) < OLDEST_TIDB:
        reason = f"{facts.version} is older than v{OLDEST_TIDB[0]}.{OLDEST_TIDB[1]}"
        return warned("target_is_tidb", reason, "upgrade the cluster, or rehearse first")
    return passed("target_is_tidb", facts.version)


def target_privileges(facts: TargetFacts, plan: Plan) -> CheckResult:
    lacking: dict[str, list[str]] = defaultdict(list)
    for schema in [*plan.schemas, OWN_SCHEMA]:
        for privilege in _needed(plan, schema):
            if not facts.grants.on_schema(privilege, schema):
                lacking[schema].append(privilege)
    if not lacking:
        return passed("target_privileges", "the target user may do all that the job needs")
    user, _, host = facts.user.rpartition("@")
    statements = [f"GRANT {', '.join(names)} ON `{schema}`.* TO '{user}'@'{host}'" for schema, names in lacking.items()]
    reason = "the target user lacks " + "; ".join(
        f"{', '.join(names)} on {schema}" for schema, names in lacking.items()
    )
    documentation = "https://docs.pingcap.com/tidb/stable/privilege-management"
    return failed("target_privileges", reason, "run " + "; ".join(statements), documentation)


def _needed(plan: Plan, schema: str) -> list[str]:
    needed = list(PRIVILEGES)
    tables = [table for table in plan.tables if table.name.schema == schema]
    if any(table.kind is TableKind.VIEW for table in tables):
        needed.append("CREATE VIEW")
    if any(table.kind is TableKind.TABLE and foreign_keys_of(table) for table in tables):
        needed.append("REFERENCES")
    return needed


def target_max_connections(facts: TargetFacts, plan: Plan) -> CheckResult:
    item, limit, needed = "target_max_connections", int(facts.variable("max_connections") or 0), plan.connections
    used = facts.threads_connected
    if limit and limit < needed:
        reason = f"the target allows {limit} connections, the job opens up to {needed}"
        return failed(item, reason, "raise max_connections at the target, or choose a smaller spec")
    if limit and limit - used < needed:
        reason = f"of {limit} connections of the target {used} are in use, the job opens up to {needed} more"
        return warned(item, reason, "raise max_connections at the target, or choose a smaller spec")
    return passed(item, f"{limit or 'unlimited'} connections, of which the job opens up to {needed}")


def local_infile(facts: TargetFacts, plan: Plan) -> CheckResult:
    if facts.variable("local_infile") in {"ON", "1", ""}:
        return passed("local_infile", "the target takes LOAD DATA LOCAL")
    return failed("local_infile", "local_infile is OFF at the target", "run SET GLOBAL local_infile = ON at the target")


def target_writable(facts: TargetFacts, plan: Plan) -> CheckResult:
    names = ("read_only", "super_read_only", "tidb_restricted_read_only", "tidb_super_read_only")
    on = [name for name in names if facts.variable(name) == "ON"]
    if on:
        return failed("target_writable", f"{on[0]} is ON at the target", f"run SET GLOBAL {on[0]} = OFF at the target")
    keyless = [table.name for table in plan.base_tables if not table.key]
    if keyless and facts.variable("sql_require_primary_key") == "ON":
        reason = f"sql_require_primary_key is ON at the target, and there are tables without a key: {listed(keyless)}"
        return failed("target_writable", reason, "run SET GLOBAL sql_require_primary_key = OFF at the target")
    return passed("target_writable", "the target takes writes")


def target_storage(facts: TargetFacts, plan: Plan) -> CheckResult | None:
    """Of existing rows; what TiKV will need is about what InnoDB needs, once per replica."""
    free = facts.storage_free_bytes
    if plan.mode is Mode.INCREMENTAL or free is None:
        return None
    needed = sum(table.bytes_estimate for table in plan.tables)
    reason = f"{free / 1e9:.1f} GB are free for rows in {REPLICAS} replicas, the source has {needed / 1e9:.1f} GB"
    if needed > free:
        return warned("target_storage", reason, "increase the node storage of TiKV")
    return passed("target_storage", reason)


def new_collation(facts: TargetFacts, plan: Plan) -> CheckResult | None:
    if not facts.tidb:
        return None
    if facts.new_collation:
        return passed("new_collation", "collations compare as their names say")
    reason = "the cluster was created without the new collation framework: all text compares by its bytes"
    solution = "create the cluster with new_collations_enabled_on_first_bootstrap: true, or ignore this"
    return warned("new_collation", reason, solution, f"{DOCUMENTATION}#default-differences")


def unsupported_types(facts: TargetFacts, plan: Plan) -> CheckResult:
    if not plan.unsupported:
        return passed("unsupported_types", "TiDB can hold every column")
    found = [f"{error.where or name}: {error.message}" for name, error in plan.unsupported.items()]
    hints = dict.fromkeys(error.hint for error in plan.unsupported.values())
    return failed("unsupported_types", listed(found), "; ".join(hints), f"{DOCUMENTATION}#unsupported-features")


def row_size(facts: TargetFacts, plan: Plan) -> CheckResult:
    """By the longest real row where it is known, else by the average (TiDB documentation, TiDB Limitations)."""
    limit = max(ROW_BYTES_MAX, int(facts.variable("tidb_txn_entry_size_limit") or 0))
    longest = {name: size for name, size in plan.longest_rows.items() if size > limit}
    large = [f"{name} ({size / 2**20:.1f} MiB)" for name, size in longest.items()]
    average = [
        f"{table.name} ({table.bytes_estimate / table.rows_estimate / 2**20:.1f} MiB)"
        for table in plan.base_tables
        if table.name not in plan.longest_rows
        if table.rows_estimate and table.bytes_estimate / table.rows_estimate > AVERAGE_ROW_BYTES_MAX
    ]
    if not large and not average:
        return passed("row_size", f"no row is known to be larger than the {limit / 2**20:g} MiB that TiDB takes")
    reasons = [f"rows larger than the {limit / 2**20:g} MiB that TiDB takes: {listed(large)}"] if large else []
    reasons += [f"tables with large rows, on average: {listed(average)}"] if average else []
    if max(longest.values(), default=0) > ROW_BYTES_EVER_MAX:
        solution = f"no TiDB takes more than {ROW_BYTES_EVER_MAX >> 20} MiB: shorten these rows, or exclude the tables"
        return failed("row_size", "; ".join(reasons), solution, LIMITATIONS)
    solution = (
        f"run SET GLOBAL tidb_txn_entry_size_limit = {ROW_BYTES_EVER_MAX} at the target (before TiDB 7.6: "
        "txn-entry-size-limit in its configuration), or ignore this where it is set already"
    )
    return warned("row_size", "; ".join(reasons), solution, LIMITATIONS)


def collations(facts: TargetFacts, plan: Plan) -> CheckResult:
    changed = [f"{name}.{rewrite.object}" for name, rewrite in _rewrites(plan) if rewrite.rule == "collation"]
    if not changed:
        return passed("collations", "TiDB has every collation")
    reason = f"columns whose collation TiDB lacks compare by their exact characters there: {listed(changed)}"
    solution = "look through queries that rely on comparing without case; `plan` shows each column"
    return warned("collations", reason, solution, "https://docs.pingcap.com/tidb/stable/character-set-and-collation")


def schema_changes(facts: TargetFacts, plan: Plan) -> CheckResult:
    counts: dict[str, int] = defaultdict(int)
    for _, rewrite in _rewrites(plan):
        if rewrite.severity is Severity.WARNING and rewrite.rule != "collation":
            counts[rewrite.rule] += 1
    if not counts:
        return passed("schema_changes", "every table is created as it is")
    reason = "TiDB cannot have all of the definitions: " + ", ".join(
        f"{rule} {n}" for rule, n in sorted(counts.items())
    )
    return warned("schema_changes", reason, "`plan` shows each change and what it means", DOCUMENTATION)


def foreign_keys(facts: TargetFacts, plan: Plan) -> CheckResult:
    statements, left_out = foreign_key_statements(plan.base_tables)
    if left_out:
        names = [f"{rewrite.table}.{rewrite.object}" for rewrite in left_out]
        reason = f"foreign keys to tables outside of the job are left out: {listed(names)}"
        return warned("foreign_keys", reason, "choose the parent tables too, or ignore this")
    reason = f"{len(statements)} foreign keys are added after the load" if statements else "no foreign keys"
    return passed("foreign_keys", reason)


def _rewrites(plan: Plan) -> list[tuple[TableName, Rewrite]]:
    return [(name, rewrite) for name, ddl in plan.ddl.items() for rewrite in ddl.rewrites]


def target_tables(facts: TargetFacts, plan: Plan) -> CheckResult:
    """Tables of the same name that are there already, and not by this job."""
    reasons = []
    for name, ddl in plan.ddl.items():
        present = facts.tables.get(name)
        if present is None or name in plan.own_tables:
            continue
        differences = incompatibilities(ddl.table, present) if present.kind is TableKind.TABLE else ("it is a view",)
        if differences:
            reasons.append(f"{name}: {', '.join(differences)}")
    if not reasons:
        return passed("target_tables", "tables that exist at the target can hold the rows")
    reason = f"tables at the target that do not fit: {listed(reasons)}"
    return failed("target_tables", reason, "drop or change them at the target, or exclude them")


def target_not_empty(facts: TargetFacts, plan: Plan) -> CheckResult:
    item = "target_not_empty"
    tables = [table for table in plan.base_tables if table.name in facts.filled - set(plan.own_tables)]
    if plan.mode is Mode.INCREMENTAL:
        missing = [table.name for table in plan.base_tables if table.name not in facts.tables]
        if missing:
            solution = "load them first, or migrate in mode full+incremental"
            return warned(
                item, f"tables that the target does not have yet are created empty: {listed(missing)}", solution
            )
        return passed(item, "every table exists at the target")
    keyless = [table.name for table in tables if not table.key]
    if keyless:
        reason = f"tables without a key that already have rows at the target: {listed(keyless)}"
        return failed(item, reason, "empty them at the target: rows without a key cannot be told apart")
    if tables:
        reason = (
            f"tables that already have rows at the target: {listed([table.name for table in tables])}; rows with a key "
            "of the source are replaced, all others stay"
        )
        return warned(item, reason, "empty them at the target, or ignore this")
    return passed(item, "no table has rows at the target")


ITEMS: tuple[Item, ...] = (
    target_is_tidb,
    target_privileges,
    target_max_connections,
    local_infile,
    target_writable,
    target_storage,
    new_collation,
    unsupported_types,
    row_size,
    collations,
    schema_changes,
    foreign_keys,
    target_tables,
    target_not_empty,
)
