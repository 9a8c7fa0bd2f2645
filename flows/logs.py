"""What Prefect's loggers say of our errors: the message, which tells all, and no traceback."""

import logging

from mysql_to_tidb.errors import MigrationError

_LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine")


class _MessageOnly(logging.Filter):
    """Takes the traceback off a record of an expected error; one of an unexpected error keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, MigrationError):
            record.exc_info = record.exc_text = None
        return True


def leave_out_tracebacks() -> None:
    """Applies to flows and tasks of this process, whoever started them."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_MessageOnly())
