-- add_table: a table that the job migrates
INSERT INTO mysql_to_tidb.tables
    (job, schema_name, table_name, state, keyed, rows_estimate, bytes_estimate, definition)
VALUES (%(job)s, %(schema)s, %(table)s, 'pending', %(keyed)s, %(rows_estimate)s, %(bytes_estimate)s, %(definition)s);

-- remove_table: a table that the job no longer migrates
DELETE FROM mysql_to_tidb.tables WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- set_definition: what a table looks like now
UPDATE mysql_to_tidb.tables
SET definition = %(definition)s, keyed = %(keyed)s, rows_estimate = %(rows_estimate)s,
    bytes_estimate = %(bytes_estimate)s
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- set_table_states: how far some tables are
UPDATE mysql_to_tidb.tables SET state = %(state)s
WHERE job = %(job)s AND (schema_name, table_name) IN %(names)s;

-- set_snapshot: at which position a table without a key is read
UPDATE mysql_to_tidb.tables
SET snapshot_file = %(file)s, snapshot_offset = %(offset)s, snapshot_gtid_set = %(gtid_set)s, state = 'loading'
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- set_tables_loaded: the end of the load of some tables, except those that have an unfinished chunk
UPDATE mysql_to_tidb.tables AS t SET t.state = 'loaded', t.loaded_at = UTC_TIMESTAMP(6)
WHERE t.job = %(job)s AND (t.schema_name, t.table_name) IN %(names)s AND t.state <> 'loaded' AND NOT EXISTS (
    SELECT 1 FROM mysql_to_tidb.chunks AS c
    WHERE c.job = t.job AND c.schema_name = t.schema_name AND c.table_name = t.table_name AND c.state <> 'loaded');

-- list_tables: all tables of a job
SELECT * FROM mysql_to_tidb.tables WHERE job = %(job)s ORDER BY schema_name, table_name;

-- list_progress: all tables of a job with what has been loaded of each
SELECT t.schema_name, t.table_name, t.state, t.rows_estimate,
    COALESCE(SUM(c.rows_loaded), 0) AS rows_loaded, COALESCE(SUM(c.bytes_loaded), 0) AS bytes_loaded
FROM mysql_to_tidb.tables AS t
LEFT JOIN mysql_to_tidb.chunks AS c USING (job, schema_name, table_name)
WHERE t.job = %(job)s
GROUP BY t.schema_name, t.table_name, t.state, t.rows_estimate
ORDER BY t.schema_name, t.table_name;

-- delete_chunks: before some tables are planned anew
DELETE FROM mysql_to_tidb.chunks WHERE job = %(job)s AND (schema_name, table_name) IN %(names)s;

-- add_chunk: a unit of work of the full load
INSERT INTO mysql_to_tidb.chunks
    (job, schema_name, table_name, number, lower_bound, upper_bound, state, epoch, sequence, rows_loaded,
    bytes_loaded, digest)
VALUES (%(job)s, %(schema)s, %(table)s, %(number)s, %(lower)s, %(upper)s, 'pending', %(epoch)s, 0, 0, 0, '');

-- list_chunks: the chunks of a table
SELECT * FROM mysql_to_tidb.chunks
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s ORDER BY number;

-- list_unfinished: the chunks of a job that have rows left to load
SELECT * FROM mysql_to_tidb.chunks WHERE job = %(job)s AND state <> 'loaded'
ORDER BY schema_name, table_name, number;

-- read_decided_chunk: one chunk, once no commit is under way any more
SELECT * FROM mysql_to_tidb.chunks
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s AND number = %(number)s FOR UPDATE;

-- advance_chunk: one part further, for the writer that holds the epoch and knows the last part
UPDATE mysql_to_tidb.chunks
SET last_key = %(last_key)s, state = %(state)s, rows_loaded = %(rows_loaded)s, bytes_loaded = %(bytes_loaded)s,
    digest = %(digest)s, seen_gtid_set = %(seen_gtid_set)s, sequence = sequence + 1
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s AND number = %(number)s
    AND epoch = %(epoch)s AND sequence = %(sequence)s;
