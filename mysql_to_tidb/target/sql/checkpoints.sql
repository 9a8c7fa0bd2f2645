-- create: the place from which changes are replayed
INSERT INTO mysql_to_tidb.checkpoints
    (job, epoch, sequence, file, offset, gtid_set, source_committed_at, applied_at, transactions, changes, lag_seconds)
VALUES (%(job)s, %(epoch)s, 0, %(file)s, %(offset)s, %(gtid_set)s, 0, 0, 0, 0, 0);

-- read: how far the job is
SELECT * FROM mysql_to_tidb.checkpoints WHERE job = %(job)s;

-- read_decided: how far the job is, once no commit is under way any more
SELECT * FROM mysql_to_tidb.checkpoints WHERE job = %(job)s FOR UPDATE;

-- advance: one window further, for the writer that holds the epoch and knows the last window
UPDATE mysql_to_tidb.checkpoints
SET file = %(file)s, offset = %(offset)s, gtid_set = %(gtid_set)s, source_committed_at = %(source_committed_at)s,
    applied_at = %(applied_at)s, transactions = %(transactions)s, changes = %(changes)s,
    partial_changes = %(partial_changes)s, lag_seconds = %(lag_seconds)s, sequence = sequence + 1
WHERE job = %(job)s AND epoch = %(epoch)s AND sequence = %(sequence)s;
