"""The states of a job and of its tables, and the moves between them that are legal."""

from enum import StrEnum


class Mode(StrEnum):
    """What a job migrates."""

    FULL = "full"
    INCREMENTAL = "incremental"
    BOTH = "full+incremental"


class Stage(StrEnum):
    """What a job is at."""

    PRECHECK = "precheck"
    SCHEMA = "schema"
    LOAD = "load"
    SYNC = "sync"
    VALIDATE = "validate"
    CUTOVER = "cutover"


class Status(StrEnum):
    """How a job is."""

    CREATING = "creating"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    FINISHED = "finished"
    DELETING = "deleting"


class Action(StrEnum):
    """What a user has asked of a job; a running one looks once a second."""

    RUN = "run"
    PAUSE = "pause"
    DELETE = "delete"


class Until(StrEnum):
    """When a run is to end by itself."""

    LOADED = "loaded"
    CAUGHT_UP = "caught-up"
    FOREVER = "forever"


STATUS_MOVES: dict[Status, frozenset[Status]] = {
    Status.CREATING: frozenset({Status.RUNNING, Status.FAILED, Status.PAUSED, Status.DELETING}),
    Status.RUNNING: frozenset({Status.RUNNING, Status.PAUSED, Status.FAILED, Status.FINISHED, Status.DELETING}),
    Status.PAUSED: frozenset({Status.RUNNING, Status.PAUSED, Status.FAILED, Status.DELETING}),
    Status.FAILED: frozenset({Status.RUNNING, Status.FAILED, Status.DELETING}),
    Status.FINISHED: frozenset({Status.RUNNING, Status.DELETING}),
    Status.DELETING: frozenset({Status.DELETING}),
}
"""From each status, those that may follow it."""
