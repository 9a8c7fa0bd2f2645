"""A job as the target remembers it: what was asked for, how far it is, and what stopped it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.states import Action, Stage, Status


@dataclass(frozen=True, slots=True)
class Fence:
    """What a writer must hold to write: the newest epoch of its job."""

    job: str
    epoch: int


@dataclass(frozen=True, slots=True)
class JobFailure:
    """The error that a job stopped with, as it is kept and shown."""

    code: str
    message: str
    where: str = ""
    hint: str = ""
    retryable: bool = False
    restart_helps: bool = True

    @classmethod
    def of(cls, error: MigrationError) -> Self:
        return cls(error.code, error.message, error.where, error.hint, error.retryable, error.restart_helps)

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One row of the target's table `mysql_to_tidb.jobs`; all times are UTC."""

    name: str
    definition: str
    """The job file as JSON, without secrets."""
    fingerprint: str
    """Of the settings that must not change while the job exists."""
    stage: Stage
    status: Status
    requested: Action
    epoch: int
    """Grows by one with each run; 0 until the first."""
    created_at: datetime
    updated_at: datetime
    run_id: str = ""
    source_uuid: str = ""
    start_position: Position | None = None
    """G0: every change after it is replayed."""
    consistent_position: Position | None = None
    """G1: from here on the target equals the source, and changes are applied exactly."""
    overwrite_until: Position | None = None
    """Up to here the source's rows win over whatever is in the target, since the user asked for a Restart."""
    heartbeat_at: datetime | None = None
    silent_seconds: float | None = None
    """Since the last sign of life, by the target's own clock; None where there has been none."""
    started_at: datetime | None = None
    loaded_at: datetime | None = None
    failure: JobFailure | None = None
