"""The know-how of a migration from MySQL to TiDB, free of any orchestrator.

The packages stand in the order in which a row passes them:

    model      what the others speak in: names, tables, positions, keys, checkpoints
    columns    one file per type family: both decoders, Arrow type, encoder
    source     reads: schema, position, chunks, rows, binlog
    staging    gathers: batches of rows, changes folded by key
    target     writes: schema, load, apply, and the state of every job
    stages     joins them: precheck, schema, load, sync
"""

__version__ = "0.1.0"
