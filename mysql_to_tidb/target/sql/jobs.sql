-- lock_epoch: the newest epoch of a job, held until the transaction ends
SELECT epoch FROM mysql_to_tidb.jobs WHERE name = %(job)s FOR UPDATE;

-- create: a new job, unless the target holds too many
INSERT INTO mysql_to_tidb.jobs (name, definition, fingerprint, stage, status, requested, created_at, updated_at)
SELECT %(job)s, %(definition)s, %(fingerprint)s, 'precheck', 'creating', 'run', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)
FROM (SELECT COUNT(*) AS jobs_held FROM mysql_to_tidb.jobs) AS held
WHERE jobs_held < %(jobs_max)s;

-- read: everything about one job
SELECT jobs.*, TIMESTAMPDIFF(MICROSECOND, heartbeat_at, UTC_TIMESTAMP(6)) AS silent_microseconds FROM mysql_to_tidb.jobs
WHERE name = %(job)s;

-- list: everything about all jobs
SELECT jobs.*, TIMESTAMPDIFF(MICROSECOND, heartbeat_at, UTC_TIMESTAMP(6)) AS silent_microseconds FROM mysql_to_tidb.jobs
ORDER BY name;

-- lock_status: the status of a job, held until the transaction ends
SELECT status FROM mysql_to_tidb.jobs WHERE name = %(job)s FOR UPDATE;

-- set_status: the status of a job after a legal move
UPDATE mysql_to_tidb.jobs SET status = %(status)s, updated_at = UTC_TIMESTAMP(6) WHERE name = %(job)s;

-- set_error: what the job stopped with, or NULL once it goes on
UPDATE mysql_to_tidb.jobs SET error = %(error)s, updated_at = UTC_TIMESTAMP(6) WHERE name = %(job)s;

-- set_stage: what the job is at
UPDATE mysql_to_tidb.jobs SET stage = %(stage)s, updated_at = UTC_TIMESTAMP(6) WHERE name = %(job)s;

-- set_loaded: the end of the full load
UPDATE mysql_to_tidb.jobs SET loaded_at = UTC_TIMESTAMP(6), updated_at = UTC_TIMESTAMP(6) WHERE name = %(job)s;

-- request: what the user asks for
UPDATE mysql_to_tidb.jobs SET requested = %(action)s WHERE name = %(job)s;

-- read_requested: what the user asks for, and whose turn it is to write
SELECT requested, epoch FROM mysql_to_tidb.jobs WHERE name = %(job)s;

-- heartbeat: a sign of life of the run that holds the epoch
UPDATE mysql_to_tidb.jobs SET heartbeat_at = UTC_TIMESTAMP(6) WHERE name = %(job)s AND epoch = %(epoch)s;

-- set_start: where the replay of changes begins, and on which server
UPDATE mysql_to_tidb.jobs
SET source_uuid = %(source_uuid)s, start_file = %(file)s, start_offset = %(offset)s, start_gtid_set = %(gtid_set)s,
    updated_at = UTC_TIMESTAMP(6)
WHERE name = %(job)s;

-- set_consistent: from where on the target equals the source
UPDATE mysql_to_tidb.jobs
SET consistent_file = %(file)s, consistent_offset = %(offset)s, consistent_gtid_set = %(gtid_set)s,
    updated_at = UTC_TIMESTAMP(6)
WHERE name = %(job)s;

-- set_overwrite: up to where the source's rows win
UPDATE mysql_to_tidb.jobs
SET overwrite_file = %(file)s, overwrite_offset = %(offset)s, overwrite_gtid_set = %(gtid_set)s,
    updated_at = UTC_TIMESTAMP(6)
WHERE name = %(job)s;

-- begin_run: the next epoch, for a run that has just got the lock
UPDATE mysql_to_tidb.jobs
SET epoch = %(epoch)s, run_id = %(run_id)s, started_at = UTC_TIMESTAMP(6), heartbeat_at = UTC_TIMESTAMP(6),
    updated_at = UTC_TIMESTAMP(6)
WHERE name = %(job)s;

-- begin_run_checkpoints: hand the checkpoint over to the new epoch
UPDATE mysql_to_tidb.checkpoints SET epoch = %(epoch)s WHERE job = %(job)s;

-- begin_run_chunks: hand unfinished chunks over to the new epoch
UPDATE mysql_to_tidb.chunks SET epoch = %(epoch)s WHERE job = %(job)s AND state <> 'loaded';

-- get_lock: the right to run a job; it ends with the connection that holds it
SELECT GET_LOCK(%(lock)s, %(wait_seconds)s) AS got;

-- release_lock: give that right back, to take it again at once
SELECT RELEASE_LOCK(%(lock)s) AS released;

-- delete_checkpoints: forget how far the job was
DELETE FROM mysql_to_tidb.checkpoints WHERE job = %(job)s;

-- delete_chunks: forget its chunks
DELETE FROM mysql_to_tidb.chunks WHERE job = %(job)s;

-- delete_tables: forget its tables
DELETE FROM mysql_to_tidb.tables WHERE job = %(job)s;

-- delete_schema_history: forget its schema changes
DELETE FROM mysql_to_tidb.schema_history WHERE job = %(job)s;

-- delete_validations: forget what was found of it
DELETE FROM mysql_to_tidb.validations WHERE job = %(job)s;

-- delete_job: forget the job itself
DELETE FROM mysql_to_tidb.jobs WHERE name = %(job)s;
