-- create_schema: the home of everything that this software remembers
CREATE DATABASE IF NOT EXISTS mysql_to_tidb CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- create_version: which form these tables have
CREATE TABLE IF NOT EXISTS mysql_to_tidb.version (
    name VARCHAR(20) NOT NULL PRIMARY KEY COMMENT 'always: schema',
    version INT NOT NULL COMMENT 'form of these tables; a program that does not know it refuses to work'
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'form of the tables in this schema';

-- create_jobs: one row for each job
CREATE TABLE IF NOT EXISTS mysql_to_tidb.jobs (
    name VARCHAR(60) NOT NULL PRIMARY KEY COMMENT 'name of the job',
    definition LONGTEXT NOT NULL COMMENT 'job file as JSON, without secrets',
    fingerprint VARCHAR(64) NOT NULL COMMENT 'of the settings that must not change while the job exists',
    source_uuid VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'identity of the source server that the positions belong to',
    stage VARCHAR(20) NOT NULL COMMENT 'precheck, schema, load, sync, validate or cutover',
    status VARCHAR(20) NOT NULL COMMENT 'creating, running, paused, failed, finished or deleting',
    requested VARCHAR(20) NOT NULL COMMENT 'what the user has asked for: run, pause or delete',
    epoch BIGINT NOT NULL DEFAULT 0 COMMENT 'grows by one with each run; only a writer that holds the newest may write',
    run_id VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'the run that holds the epoch',
    heartbeat_at DATETIME(6) COMMENT 'last sign of life of that run, UTC',
    error LONGTEXT COMMENT 'what the job stopped with, as JSON: code, message, where, hint, retryable, restart_helps',
    start_file VARCHAR(255) COMMENT 'binary log file of the position from which changes are replayed',
    start_offset BIGINT COMMENT 'offset in that file',
    start_gtid_set LONGTEXT COMMENT 'GTIDs executed up to that position',
    consistent_file VARCHAR(255) COMMENT 'binary log file of the position from which the target equals the source',
    consistent_offset BIGINT COMMENT 'offset in that file',
    consistent_gtid_set LONGTEXT COMMENT 'GTIDs executed up to that position',
    overwrite_file VARCHAR(255) COMMENT 'binary log file of the position up to which the rows of the source win after a Restart',
    overwrite_offset BIGINT COMMENT 'offset in that file',
    overwrite_gtid_set LONGTEXT COMMENT 'GTIDs executed up to that position',
    created_at DATETIME(6) NOT NULL COMMENT 'UTC',
    started_at DATETIME(6) COMMENT 'begin of the newest run, UTC',
    updated_at DATETIME(6) NOT NULL COMMENT 'last change of stage, status, position or error, UTC',
    loaded_at DATETIME(6) COMMENT 'end of the full load, UTC'
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'one row for each job';

-- create_checkpoints: how far each job has applied the changes of its source
CREATE TABLE IF NOT EXISTS mysql_to_tidb.checkpoints (
    job VARCHAR(60) NOT NULL PRIMARY KEY COMMENT 'name of the job',
    epoch BIGINT NOT NULL COMMENT 'epoch of the run that may move this row',
    sequence BIGINT NOT NULL COMMENT 'grows by one with each applied window of changes',
    file VARCHAR(255) NOT NULL COMMENT 'binary log file up to which all changes are in the target',
    offset BIGINT NOT NULL COMMENT 'offset in that file',
    gtid_set LONGTEXT NOT NULL COMMENT 'GTIDs executed up to there, where the source has them',
    source_committed_at DOUBLE NOT NULL COMMENT 'when the source committed the last applied transaction, seconds since 1970',
    applied_at DOUBLE NOT NULL COMMENT 'when it was applied, seconds since 1970',
    transactions BIGINT NOT NULL COMMENT 'source transactions applied since the job began',
    changes BIGINT NOT NULL COMMENT 'row changes applied since the job began',
    lag_seconds DOUBLE NOT NULL COMMENT 'from the commit at the source to the target, for that transaction',
    partial_changes BIGINT NOT NULL DEFAULT 0
        COMMENT 'row changes applied of the source transaction behind the position, where it is applied in slices'
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'committed together with the changes that it counts';

-- create_tables: the migrated tables of each job
CREATE TABLE IF NOT EXISTS mysql_to_tidb.tables (
    job VARCHAR(60) NOT NULL COMMENT 'name of the job',
    schema_name VARCHAR(64) NOT NULL COMMENT 'database of the table',
    table_name VARCHAR(64) NOT NULL COMMENT 'name of the table',
    state VARCHAR(20) NOT NULL COMMENT 'pending, created, planned, loading or loaded',
    keyed BOOLEAN NOT NULL COMMENT 'whether a key tells its rows apart',
    rows_estimate BIGINT NOT NULL COMMENT 'rows, as the source estimated them',
    bytes_estimate BIGINT NOT NULL COMMENT 'bytes, as the source estimated them',
    definition LONGTEXT NOT NULL COMMENT 'columns and indexes at the source, as JSON',
    snapshot_file VARCHAR(255) COMMENT 'without a key: binary log file of the position of the snapshot that was read',
    snapshot_offset BIGINT COMMENT 'offset in that file',
    snapshot_gtid_set LONGTEXT COMMENT 'GTIDs executed up to that position',
    loaded_at DATETIME(6) COMMENT 'end of its load, UTC',
    PRIMARY KEY (job, schema_name, table_name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'one row for each migrated table';

-- create_chunks: the units of work of the full load
CREATE TABLE IF NOT EXISTS mysql_to_tidb.chunks (
    job VARCHAR(60) NOT NULL COMMENT 'name of the job',
    schema_name VARCHAR(64) NOT NULL COMMENT 'database of the table',
    table_name VARCHAR(64) NOT NULL COMMENT 'name of the table',
    number INT NOT NULL COMMENT 'counts the chunks of the table from 0',
    lower_bound LONGTEXT COMMENT 'key above which the chunk begins, a JSON list of SQL literals; NULL: at the first row',
    upper_bound LONGTEXT COMMENT 'last key that belongs to the chunk; NULL: up to the last row',
    last_key LONGTEXT COMMENT 'last key that has been loaded',
    state VARCHAR(20) NOT NULL COMMENT 'pending, loading or loaded',
    epoch BIGINT NOT NULL COMMENT 'epoch of the run that may move this row',
    sequence BIGINT NOT NULL COMMENT 'grows by one with each committed part',
    rows_loaded BIGINT NOT NULL COMMENT 'rows so far',
    bytes_loaded BIGINT NOT NULL COMMENT 'bytes of those rows',
    digest VARCHAR(64) NOT NULL COMMENT 'of those rows',
    seen_gtid_set LONGTEXT COMMENT 'GTIDs executed at the source when they had been read: what they may show',
    PRIMARY KEY (job, schema_name, table_name, number)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'committed together with the rows that it counts';

-- create_schema_history: what each table looked like, from which position on
CREATE TABLE IF NOT EXISTS mysql_to_tidb.schema_history (
    job VARCHAR(60) NOT NULL COMMENT 'name of the job',
    number INT NOT NULL COMMENT 'counts the schema changes of the job from 1',
    file VARCHAR(255) NOT NULL COMMENT 'binary log file of the position behind the schema change',
    offset BIGINT NOT NULL COMMENT 'offset in that file',
    gtid_set LONGTEXT NOT NULL COMMENT 'GTIDs executed up to that position',
    statement LONGTEXT NOT NULL COMMENT 'statement of the source',
    target_statements LONGTEXT NOT NULL COMMENT 'what is carried out at the target for it, and how far: a JSON list',
    table_definitions LONGTEXT NOT NULL COMMENT 'the changed tables before and after it, lists of definitions as JSON',
    state VARCHAR(20) NOT NULL COMMENT 'planned or done',
    PRIMARY KEY (job, number)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'schema changes of the source that the job has met';

-- create_validations: how far the newest validation of each table is, and what it has found
CREATE TABLE IF NOT EXISTS mysql_to_tidb.validations (
    job VARCHAR(60) NOT NULL COMMENT 'name of the job',
    schema_name VARCHAR(64) NOT NULL COMMENT 'database of the table',
    table_name VARCHAR(64) NOT NULL COMMENT 'name of the table',
    job_created_at DATETIME(6) NOT NULL COMMENT 'tells a job from an earlier one of the same name, UTC',
    run VARCHAR(64) NOT NULL COMMENT 'the run of a validation that may move this row',
    started_at DATETIME(6) NOT NULL COMMENT 'begin of the validation, UTC',
    settled_at DATETIME(6) NOT NULL COMMENT 'when this row was written, UTC',
    file VARCHAR(255) NOT NULL COMMENT 'binary log file of the position of the target when the validation began',
    offset BIGINT NOT NULL COMMENT 'offset in that file',
    gtid_set LONGTEXT NOT NULL COMMENT 'GTIDs executed up to that position',
    definition VARCHAR(64) NOT NULL COMMENT 'digest of the definition that the table had',
    last_key LONGTEXT COMMENT 'key up to which all rows have been compared',
    report LONGTEXT NOT NULL COMMENT 'what has been found, as JSON',
    complete BOOLEAN NOT NULL COMMENT 'whether all rows have been compared',
    PRIMARY KEY (job, schema_name, table_name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'progress of validations, so that they go on where they were';

-- add_partial_changes: transactions that are applied in slices
ALTER TABLE mysql_to_tidb.checkpoints ADD COLUMN partial_changes BIGINT NOT NULL DEFAULT 0
    COMMENT 'row changes applied of the source transaction behind the position, where it is applied in slices';

-- add_seen_gtids: what the rows of a chunk may show
ALTER TABLE mysql_to_tidb.chunks ADD COLUMN seen_gtid_set LONGTEXT
    COMMENT 'GTIDs executed at the source when they had been read: what they may show';

-- set_version: the form that the tables have now
UPDATE mysql_to_tidb.version SET version = %(version)s WHERE name = 'schema';

-- write_version: say which form the tables have, where nothing says so yet
INSERT IGNORE INTO mysql_to_tidb.version (name, version) VALUES ('schema', %(version)s);

-- count_version_table: whether the schema is there at all
SELECT COUNT(*) AS tables_found FROM information_schema.tables
WHERE table_schema = 'mysql_to_tidb' AND table_name = 'version';

-- read_version: the form of the tables
SELECT version FROM mysql_to_tidb.version WHERE name = 'schema';
