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
