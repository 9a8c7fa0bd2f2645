-- read_last: the newest schema change of a job
SELECT * FROM mysql_to_tidb.schema_history WHERE job = %(job)s ORDER BY number DESC LIMIT 1;

-- list_definitions: all shapes that schema changes have left
SELECT table_definitions FROM mysql_to_tidb.schema_history WHERE job = %(job)s AND state = 'done' ORDER BY number;

-- plan: a schema change that is to be carried out
INSERT INTO mysql_to_tidb.schema_history
    (job, number, file, offset, gtid_set, statement, target_statements, table_definitions, state)
VALUES (%(job)s, %(number)s, %(file)s, %(offset)s, %(gtid_set)s, %(source_statement)s, %(target_statements)s,
    %(table_definitions)s, 'planned');

-- replace_steps: how far it is, or what is to be carried out instead
UPDATE mysql_to_tidb.schema_history SET target_statements = %(target_statements)s
WHERE job = %(job)s AND number = %(number)s;

-- finish: it has been carried out
UPDATE mysql_to_tidb.schema_history SET state = 'done' WHERE job = %(job)s AND number = %(number)s;

-- remove_table: a table under its old name
DELETE FROM mysql_to_tidb.tables WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- remove_chunks: the chunks of a table under its old name
DELETE FROM mysql_to_tidb.chunks WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- add_table: a table whose rows are all in the target
INSERT INTO mysql_to_tidb.tables
    (job, schema_name, table_name, state, keyed, rows_estimate, bytes_estimate, definition, loaded_at)
VALUES (%(job)s, %(schema)s, %(table)s, 'loaded', %(keyed)s, 0, 0, %(definition)s, UTC_TIMESTAMP(6));

-- redefine: what a table looks like now
UPDATE mysql_to_tidb.tables SET definition = %(definition)s, keyed = %(keyed)s
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- count_table: whether the target has a table
SELECT COUNT(*) AS found FROM information_schema.tables
WHERE table_schema = %(schema)s AND table_name = %(table)s;

-- count_column: whether a table of the target has a column
SELECT COUNT(*) AS found FROM information_schema.columns
WHERE table_schema = %(schema)s AND table_name = %(table)s AND column_name = %(name)s;

-- count_index: whether a table of the target has an index
SELECT COUNT(*) AS found FROM information_schema.statistics
WHERE table_schema = %(schema)s AND table_name = %(table)s AND index_name = %(name)s;

-- count_foreign_key: whether a table of the target has a foreign key
SELECT COUNT(*) AS found FROM information_schema.table_constraints
WHERE table_schema = %(schema)s AND table_name = %(table)s AND constraint_name = %(name)s
    AND constraint_type = 'FOREIGN KEY';
