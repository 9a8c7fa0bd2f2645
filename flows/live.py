"""Shows a running job's progress in the terminal, read from the target's own records."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.live import Live

from blocks import source_settings, target_settings
from flows import terminal
from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.progress import JobProgress
from mysql_to_tidb.stages.status import read_progress

TERMINAL_SECONDS = 1.0
LOG_SECONDS = 10.0


@contextmanager
def shown_progress(job: Job) -> Iterator[None]:
    """A live table on a terminal, a line now and then elsewhere; both on stderr."""
    stopped = threading.Event()
    show = _show_live if terminal.err.is_terminal else _show_lines
    thread = threading.Thread(target=show, args=(job, stopped), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=10)


def _read(job: Job) -> JobProgress | None:
    """None while there is nothing to show: before the job is created, or with a server away."""
    with suppress(MigrationError):
        return read_progress(source_settings(job), target_settings(job), job.name)
    return None


def _show_live(job: Job, stopped: threading.Event) -> None:
    with Live(console=terminal.err, auto_refresh=False) as live:
        while not stopped.wait(TERMINAL_SECONDS):
            if progress := _read(job):
                live.update(terminal.progress(progress), refresh=True)


def _show_lines(job: Job, stopped: threading.Event) -> None:
    while not stopped.wait(LOG_SECONDS):
        if progress := _read(job):
            terminal.err.print(terminal.line(progress), soft_wrap=True)
