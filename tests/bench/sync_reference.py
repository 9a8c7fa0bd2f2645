"""What the sync is compared with: mysql-replication's reader, changes folded by key, DELETE and LOAD DATA REPLACE.

A window has 10,000 changes and is applied in one transaction with a row that says how far it is.
"""

import contextlib
import logging
import tempfile
import time
from pathlib import Path

from pymysql.cursors import Cursor
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.event import XidEvent
from pymysqlreplication.row_event import DeleteRowsEvent, RowsEvent, UpdateRowsEvent, WriteRowsEvent

from mysql_to_tidb.model.positions import Position
from tests.lab.servers import Server

WINDOW_CHANGES = 10_000
COLUMNS = ("id", "k", "c", "pad")

Window = dict[str, dict[int, dict[str, object] | None]]
"""By table and key, the last image of each row that was touched; None where it is gone."""


def catch_up(source: Server, target: Server, database: str, start: Position, end: Position) -> dict[str, float]:
    """Follow the log of sysbench's tables from `start` to `end`."""
    logging.disable(logging.CRITICAL)
    began, worked = time.perf_counter(), time.process_time()
    settings = source.settings
    reader = BinLogStreamReader(
        connection_settings={"host": settings.host, "port": settings.port, "user": settings.user},
        server_id=945_002,
        log_file=start.file,
        log_pos=start.offset,
        resume_stream=True,
        only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent, XidEvent],
        use_column_name_cache=True,
        enable_logging=False,
    )
    changes = 0
    writer = target.connect(local_infile=True, autocommit=False)
    with contextlib.closing(reader), contextlib.closing(writer), writer.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {database}.reference_position (id INT PRIMARY KEY, at BIGINT)")
        window, size = Window(), 0
        for event in reader:
            if isinstance(event, XidEvent):
                if size >= WINDOW_CHANGES:
                    _apply(cursor, database, window, reader.log_pos)
                    window, size = Window(), 0
                if Position(reader.log_file, reader.log_pos).reaches(Position(end.file, end.offset)):
                    break
                continue
            rows = window.setdefault(event.table, {})
            size += len(event.rows)
            changes += len(event.rows)
            _fold(rows, event)
        _apply(cursor, database, window, reader.log_pos)
    return {
        "changes": changes,
        "seconds": time.perf_counter() - began,
        "processor_seconds": time.process_time() - worked,
    }


def _fold(rows: dict[int, dict[str, object] | None], event: RowsEvent) -> None:
    for row in event.rows:
        if isinstance(event, UpdateRowsEvent):
            rows[row["before_values"]["id"]] = None
            rows[row["after_values"]["id"]] = row["after_values"]
        else:
            rows[row["values"]["id"]] = None if isinstance(event, DeleteRowsEvent) else row["values"]


def _apply(cursor: Cursor, database: str, window: Window, position: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for table, rows in window.items():
            cursor.execute(f"DELETE FROM {database}.{table} WHERE id IN ({', '.join(map(str, rows))})")
            path = Path(folder) / table
            images = (image for image in rows.values() if image is not None)
            path.write_text("".join("\t".join(str(image[name]) for name in COLUMNS) + "\n" for image in images))
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '{path}' REPLACE INTO TABLE {database}.{table} ({', '.join(COLUMNS)})"
            )
    cursor.execute(f"REPLACE INTO {database}.reference_position VALUES (1, {position})")
    cursor.connection.commit()
