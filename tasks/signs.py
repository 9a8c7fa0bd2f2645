"""Says how a running job is: events in Prefect, which alerts are made of, and artifacts, where people look."""

import contextvars
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.events import emit_event
from prefect.runtime import flow_run

from blocks import source_settings, target_settings
from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.states import Status
from mysql_to_tidb.stages.running import is_new
from mysql_to_tidb.stages.signs import Observer, Sign, payload_of
from mysql_to_tidb.stages.status import read_progress, read_retention_seconds

LOOK_SECONDS = 10.0
ARTIFACT_SECONDS = 30.0
EVENT_PREFIX = "mysql-to-tidb"


def give(job: str, sign: Sign, payload: dict[str, Any]) -> None:
    """One event about a job, with the run that it is about. Prefect sends it when it can, in the background."""
    emit_event(
        f"{EVENT_PREFIX}.{sign}",
        resource={"prefect.resource.id": f"{EVENT_PREFIX}.job.{job}", "prefect.resource.name": job},
        payload=payload | {"job": job, "run": str(flow_run.id or "")},
    )


@contextmanager
def observed(job: Job) -> Iterator[None]:
    """Give signs of a job while it runs, and how it ended."""
    stopped = threading.Event()
    # The thread belongs to this run: its events and artifacts are the run's.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(_watch, job, stopped), name="signs", daemon=True)
    try:
        give(job.name, Sign.RECOVERED if _has_failed(job) else Sign.STARTED, {})
        thread.start()
        yield
    except MigrationError as error:
        advice = {"code": error.code, "message": error.message, "where": error.where, "hint": error.hint}
        give(job.name, Sign.FAILED, advice)
        raise
    except Exception as error:
        give(job.name, Sign.FAILED, {"code": type(error).__name__, "message": "see the log of the run"})
        raise
    except BaseException:  # somebody has cancelled the run, and needs no alert
        give(job.name, Sign.ENDED, {})
        raise
    else:
        give(job.name, Sign.ENDED, {})
    finally:
        stopped.set()
        if thread.ident:
            thread.join(timeout=LOOK_SECONDS)


def _has_failed(job: Job) -> bool:
    target = target_settings(job)
    return (
        not is_new(target, job.name) and read_progress(source_settings(job), target, job.name).status is Status.FAILED
    )


def _watch(job: Job, stopped: threading.Event) -> None:
    source, target = source_settings(job), target_settings(job)
    observer = Observer()
    with suppress(MigrationError):
        observer.retention_seconds = read_retention_seconds(job, source)
    bar = _Bar(job.name)
    while not stopped.wait(LOOK_SECONDS):
        with suppress(MigrationError):  # a server that is away is for the stages to meet
            progress = read_progress(source, target, job.name)
            for sign in observer.look(progress, time.monotonic()):
                give(job.name, sign, payload_of(progress))
            bar.show(progress.percent, payload_of(progress))


class _Bar:
    """The load as a progress artifact, moved now and then."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._artifact: Any = None
        self._shown_at = 0.0
        self._percent = -1.0

    def show(self, percent: float, payload: dict[str, Any]) -> None:
        if percent == self._percent or time.monotonic() - self._shown_at < ARTIFACT_SECONDS:
            return
        self._shown_at, self._percent = time.monotonic(), percent
        text = f"{self._job}: {payload['rows']:,} rows loaded"
        if self._artifact is None:
            key = f"load-{self._job.lower().replace('_', '-')}"
            self._artifact = create_progress_artifact(percent, key=key, description=text)
        else:
            update_progress_artifact(self._artifact, percent, description=text)
