"""The one rule by which tasks are tried again: the error is asked."""

import logging
from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from mysql_to_tidb.errors import MigrationError

_log = logging.getLogger(__name__)

RETRY_DELAYS: list[float] = [1.0, 2.0, 4.0, 8.0, 15.0, 30.0] + [60.0] * 24
"""Seconds before each attempt: a server that is away for 20 minutes is waited for."""
RETRIES = len(RETRY_DELAYS)


def is_retryable(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether what the task ended with can pass by itself; anything unforeseen cannot."""
    del task, task_run
    try:
        state.result(raise_on_failure=True)
    except MigrationError as error:
        if error.retryable:
            _log.warning("%s; trying again", error)
        return error.retryable
    except BaseException:  # noqa: BLE001 - whatever else it is, it is not for us to repeat
        return False
    return False
