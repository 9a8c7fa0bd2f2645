-- move_job: positions that another server of the same history can go on from
UPDATE mysql_to_tidb.jobs
SET source_uuid = %(source_uuid)s, updated_at = UTC_TIMESTAMP(6),
    start_file = '', start_offset = 0, start_gtid_set = %(start)s,
    consistent_file = IF(consistent_file IS NULL, NULL, ''), consistent_offset = IF(consistent_offset IS NULL, NULL, 0),
    consistent_gtid_set = %(consistent)s,
    overwrite_file = IF(overwrite_file IS NULL, NULL, ''), overwrite_offset = IF(overwrite_offset IS NULL, NULL, 0),
    overwrite_gtid_set = %(overwrite)s
WHERE name = %(job)s;

-- move_checkpoint: the same for how far the job is
UPDATE mysql_to_tidb.checkpoints SET file = '', offset = 0, gtid_set = %(gtid_set)s WHERE job = %(job)s;

-- move_snapshot: the same for the snapshot of a table without a key
UPDATE mysql_to_tidb.tables SET snapshot_file = '', snapshot_offset = 0, snapshot_gtid_set = %(gtid_set)s
WHERE job = %(job)s AND schema_name = %(schema)s AND table_name = %(table)s;

-- list_seen: what the rows that have been read may show
SELECT DISTINCT seen_gtid_set FROM mysql_to_tidb.chunks WHERE job = %(job)s AND seen_gtid_set <> '';
