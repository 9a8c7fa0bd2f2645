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

-- list: the newest validation of each table
SELECT validations.*, TIMESTAMPDIFF(SECOND, started_at, UTC_TIMESTAMP(6)) AS age_seconds
FROM mysql_to_tidb.validations
WHERE job = %(job)s AND job_created_at = %(job_created_at)s;

-- forget: the validations of a job
DELETE FROM mysql_to_tidb.validations WHERE job = %(job)s;

-- add: a table that is going to be compared
INSERT INTO mysql_to_tidb.validations
    (job, schema_name, table_name, job_created_at, run, started_at, settled_at, file, offset, gtid_set, definition,
    report, complete)
VALUES (%(job)s, %(schema)s, %(table)s, %(job_created_at)s, %(run)s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), %(file)s,
    %(offset)s, %(gtid_set)s, %(definition)s, %(report)s, FALSE);

-- take_over: go on with an unfinished validation
UPDATE mysql_to_tidb.validations SET run = %(run)s WHERE job = %(job)s;

-- advance: how far a table is now, for the run that holds it
UPDATE mysql_to_tidb.validations
SET last_key = %(last_key)s, report = %(report)s, complete = %(complete)s, settled_at = UTC_TIMESTAMP(6)
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s AND run = %(run)s;
