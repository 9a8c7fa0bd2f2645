"""Precheck items about the migrated tables as the source has them, and about what the user may do with them."""

import re
from collections import defaultdict

from mysql_to_tidb.model.checks import CheckResult, listed
from mysql_to_tidb.model.definitions import foreign_keys_of, parse_create_table
from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.objects import is_system_schema
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.source.advice import Advice, grant, grants_on
from mysql_to_tidb.source.facts import SourceFacts
from mysql_to_tidb.source.precheck import Item, Scope, failed, passed, warned

BYTES_ADVISED_MAX = 1 << 40
TRANSACTIONAL_ENGINES = frozenset({"innodb", "rocksdb", "tokudb", "aurora", "xtradb"})

_NO_GLOBAL_LOCK = {"aurora", "rds", "cloudsql"}
"""Services that refuse FLUSH TABLES WITH READ LOCK whatever is granted."""

_SHADOW_TABLE = re.compile(r"_.+_(gho|ghc|del|new|old)|_.+_\d{14}_del")
"""What gh-ost and pt-online-schema-change call their tables."""


def base_tables(scope: Scope) -> list[Table]:
    return [table for table in scope.tables if table.kind is TableKind.TABLE]


def source_privileges(facts: SourceFacts, scope: Scope) -> CheckResult:
    lacking = [*_unreadable(facts.grants, scope), *_global_rights(facts, scope), *_locks(facts, scope)]
    if not lacking:
        return passed("source_privileges", "the source user may do all that the job needs")
    advice = [grant(facts, privilege, on) for privilege, on, _ in lacking]
    solution = "; ".join(dict.fromkeys(one.solution for one in advice))
    reason = "the source user lacks " + "; ".join(f"{privilege} {why}" for privilege, _, why in lacking)
    return failed("source_privileges", reason, Advice(solution, advice[0].documentation))


Lack = tuple[str, str, str]
"""A privilege, on what it is to be granted, and what it is for."""


def _unreadable(grants: Grants, scope: Scope) -> list[Lack]:
    lacking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table in (*scope.tables, *scope.unreadable):
        needed = ["SELECT", "SHOW VIEW"] if table.kind is TableKind.VIEW else ["SELECT"]
        for privilege in needed:
            if not grants.on_table(privilege, table.name):
                lacking[privilege, f"{quote_name(table.name.schema)}.*"].append(str(table.name))
    return [(privilege, on, f"to read {listed(names)}") for (privilege, on), names in lacking.items()]


def _global_rights(facts: SourceFacts, scope: Scope) -> list[Lack]:
    if not scope.follows:
        return []
    needed = {"REPLICATION SLAVE": "to read the binary log", "REPLICATION CLIENT": "to read its position"}
    return [(privilege, "*.*", why) for privilege, why in needed.items() if not facts.grants.globally(privilege)]


def _locks(facts: SourceFacts, scope: Scope) -> list[Lack]:
    """A full load locks for a moment: everything where there are no GTIDs, else tables without a key."""
    if scope.mode is Mode.INCREMENTAL:
        return []
    tables = base_tables(scope)
    everything = not facts.gtids
    without_key = [table for table in tables if not table.key]
    if facts.mariadb:
        without_key = [table for table in without_key if table.engine.lower() not in TRANSACTIONAL_ENGINES]
    unlocked = [table for table in (tables if everything else without_key) if not _may_lock(facts.grants, table)]
    needs_tables = any(table.engine.lower() not in TRANSACTIONAL_ENGINES for table in without_key)
    if not unlocked or (_may_flush(facts) and not needs_tables):
        return []
    why = "to take a start position, as the source has no GTIDs" if everything else "to read tables without a key"
    if not needs_tables and facts.kind not in _NO_GLOBAL_LOCK:
        why = f"or RELOAD {why}"
    return [
        ("LOCK TABLES", f"{quote_name(schema)}.*", why) for schema in sorted({table.name.schema for table in unlocked})
    ]


def _may_lock(grants: Grants, table: Table) -> bool:
    return grants.on_schema("LOCK TABLES", table.name.schema) and grants.on_table("SELECT", table.name)


def _may_flush(facts: SourceFacts) -> bool:
    return facts.kind not in _NO_GLOBAL_LOCK and facts.grants.globally("RELOAD")


def visible_objects(facts: SourceFacts, scope: Scope) -> CheckResult | None:
    """Servers show a user only what it has a right to; tables that stay hidden would be left out."""
    item, choice = "visible_objects", scope.choice
    if choice.tables:
        return None
    if facts.grants.globally("SELECT"):
        return _revoked_databases(facts, scope)
    named = [pattern.literal for pattern in choice.databases]
    partly = [name for name in scope.databases if not facts.grants.on_schema("SELECT", name)]
    if partly:
        advice = grants_on(facts, ("SELECT",), partly)
        reason = (
            f"SELECT is granted for single tables of {listed(partly)}: others there cannot be seen and are left out"
        )
        return failed(item, reason, advice)
    if choice.all or None in named:
        reason = "SELECT is not granted on *.*: databases that the source user cannot see are left out"
        return warned(item, reason, Advice("name the databases in the job, or grant SELECT on *.*"))
    return passed(item, "the source user sees every table of the chosen databases")


def _revoked_databases(facts: SourceFacts, scope: Scope) -> CheckResult | None:
    """Databases that a partial revoke hides from a user who may read all others."""
    fold_case = facts.fold_case
    revoked = [name for name in facts.grants.revoked_schemas("SELECT") if not is_system_schema(name)]
    hidden = [name for name in revoked if scope.choice.selects_database(name, fold_case=fold_case)]
    if not hidden:
        return None
    reason = f"SELECT is revoked on {listed(hidden)}: what the source user cannot see there is left out"
    return warned("visible_objects", reason, grants_on(facts, ("SELECT",), hidden))


def no_primary_key(facts: SourceFacts, scope: Scope) -> CheckResult:
    without = [table.name for table in base_tables(scope) if not table.key]
    if not without:
        return passed("no_primary_key", "every table has a key")
    reason = (
        f"tables without a primary key or a UNIQUE index over NOT NULL columns: {listed(without)}; they are read in "
        "one snapshot each, and their changes cost a search for the row"
    )
    return warned("no_primary_key", reason, Advice("add a primary key, or ignore this warning"))


def hidden_columns(facts: SourceFacts, scope: Scope) -> CheckResult:
    """Tables whose rows in MariaDB's binary log hold more than the table's columns."""
    versioned = [table.name for table in base_tables(scope) if _versioned(table)]
    hashed = [table.name for table in base_tables(scope) if facts.mariadb and _hashed(table)]
    if not versioned and not hashed:
        return passed("hidden_columns", "the binary log holds the columns of the tables and no others")
    reasons = []
    if versioned:
        reasons.append(f"system-versioned tables log their history as rows: {listed(versioned)}")
    if hashed:
        reasons.append(f"UNIQUE over long or whole texts adds a hidden column: {listed(hashed)}")
    advice = Advice("exclude these tables, drop the versioning or the index, or migrate them in mode full")
    return failed("hidden_columns", "; ".join(reasons), advice)


def _versioned(table: Table) -> bool:
    return bool(table.create_statement) and parse_create_table(table.create_statement).system_versioned


def _hashed(table: Table) -> bool:
    """MariaDB keeps a unique index that is too long for its engine by the hash of its values."""
    return table.engine.lower() != "memory" and any(index.unique and index.kind == "HASH" for index in table.indexes)


def cascading_foreign_keys(facts: SourceFacts, scope: Scope) -> CheckResult:
    """Rows that a foreign key changes are logged since MySQL 9.6, and never by MariaDB (MySQL bug 32506)."""
    item = "cascading_foreign_keys"
    cascading = [table.name for table in base_tables(scope) if any(key.cascades for key in foreign_keys_of(table))]
    if not cascading:
        return passed(item, "no foreign key changes rows by itself")
    logged = (
        not facts.mariadb and facts.version_numbers >= (9, 6) and facts.variable("innodb_native_foreign_keys") != "ON"
    )
    if logged:
        return passed(item, "the source logs what foreign keys change")
    reason = (
        f"ON DELETE or ON UPDATE actions change rows of {listed(cascading)} without logging it: the target would "
        "keep rows that the source has deleted or changed"
    )
    solution = (
        "drop these actions for the time of the migration, or exclude the tables; name cascading_foreign_keys in "
        "ignore_warnings if no parent row is deleted or changes its key meanwhile"
    )
    return failed(item, reason, Advice(solution, "https://bugs.mysql.com/bug.php?id=32506"))


def storage_engines(facts: SourceFacts, scope: Scope) -> CheckResult:
    other = [
        f"{table.name} ({table.engine})"
        for table in base_tables(scope)
        if table.engine and table.engine.lower() not in TRANSACTIONAL_ENGINES
    ]
    if not other:
        return passed("storage_engines", "every table is transactional")
    reason = f"tables that are not transactional: {listed(other)}; a statement that fails half-way leaves its changes"
    return warned("storage_engines", reason, Advice("convert them with ALTER TABLE ... ENGINE=InnoDB, or ignore this"))


def name_case(facts: SourceFacts, scope: Scope) -> CheckResult:
    """TiDB compares names of databases and tables without case."""
    folded: dict[str, set[str]] = defaultdict(set)
    for table in scope.tables:
        folded[str(table.name).lower()].add(str(table.name))
        folded[table.name.schema.lower()].add(table.name.schema)
    clashes = [" and ".join(sorted(names)) for names in folded.values() if len(names) > 1]
    if not clashes:
        return passed("name_case", "no names differ in case only")
    reason = f"names that differ in upper and lower case only, which are one to TiDB: {listed(clashes)}"
    return failed("name_case", reason, Advice("rename one of each at the source, or exclude it"))


def not_migrated_objects(facts: SourceFacts, scope: Scope) -> CheckResult:
    found = [
        f"{count} {kind} in {schema}" for kind, counts in facts.not_migrated.items() for schema, count in counts.items()
    ]
    if not found:
        return passed("not_migrated_objects", "no events, triggers, procedures, functions or sequences")
    solution = "move what they do into the application; TiDB has none of them except sequences"
    reason = f"what does not come along: {listed(found)}"
    documentation = "https://docs.pingcap.com/tidb/stable/mysql-compatibility#unsupported-features"
    return warned("not_migrated_objects", reason, Advice(solution, documentation))


def online_schema_changes(facts: SourceFacts, scope: Scope) -> CheckResult:
    shadows = [table.name for table in base_tables(scope) if _SHADOW_TABLE.fullmatch(table.name.table)]
    if not shadows:
        return passed("online_schema_changes", "no tables of gh-ost or pt-online-schema-change")
    reason = f"tables that look like those of an online schema change: {listed(shadows)}"
    return warned("online_schema_changes", reason, Advice("let the change end first, or drop or exclude its tables"))


def data_size(facts: SourceFacts, scope: Scope) -> CheckResult:
    size = sum(table.bytes_estimate for table in scope.tables)
    text = f"about {size / 1e9:.1f} GB in {len(base_tables(scope))} tables"
    if size <= BYTES_ADVISED_MAX:
        return passed("data_size", text)
    advice = Advice("choose spec large, raise the retention of binary logs, or migrate databases one after another")
    return warned("data_size", f"{text}: more than 1 TiB takes long", advice)


TABLE_ITEMS: tuple[Item, ...] = (
    source_privileges,
    visible_objects,
    no_primary_key,
    storage_engines,
    name_case,
    not_migrated_objects,
    data_size,
)
FOLLOWING_TABLE_ITEMS: tuple[Item, ...] = (hidden_columns, cascading_foreign_keys, online_schema_changes)


def table_items_for(scope: Scope) -> tuple[Item, ...]:
    """The items that concern a job; some only where changes are followed."""
    return TABLE_ITEMS + (FOLLOWING_TABLE_ITEMS if scope.follows else ())
