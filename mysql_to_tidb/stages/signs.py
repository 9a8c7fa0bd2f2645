"""Turns looks at a job's progress into the few signs that people are alerted by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mysql_to_tidb.model.progress import JobProgress
from mysql_to_tidb.model.states import Stage, Status


class Sign(StrEnum):
    """What is said of a job, seldom enough for months."""

    STARTED = "started"
    RECOVERED = "recovered"
    """It runs again, having failed before."""
    PROGRESS = "progress"
    """It has moved on, or has nothing to do."""
    PAUSED = "paused"
    RESUMED = "resumed"
    LAG_HIGH = "lag-high"
    LAG_OVER = "lag-over"
    """The lag that was high is low again."""
    RETENTION_LOW = "retention-low"
    """The source may soon remove binary logs that are still needed."""
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True)
class SignLimits:
    """When a sign is given; times in seconds."""

    progress_seconds: float = 60.0
    """At most one sign of progress in so long."""
    lag_seconds: float = 600.0
    growing_seconds: float = 60.0
    """How far apart two looks are that tell whether the lag grows."""
    retention_share: float = 0.5
    """Of the time that the source keeps its binary logs."""


@dataclass
class Observer:
    """Remembers what it has seen of one run."""

    limits: SignLimits = field(default_factory=SignLimits)
    retention_seconds: float | None = None
    """How long the source keeps its binary logs; None: until they are purged by hand."""
    _last: JobProgress | None = None
    _said_at: float | None = None
    _said_place: tuple[object, ...] = ()
    _lag_before: tuple[float, float] | None = None
    """When a lag was last noted, and how large it was."""
    _lag_high: bool = False
    _retention_low: bool = False

    def look(self, progress: JobProgress, now: float) -> list[Sign]:
        """The signs that a look at the job gives; `now` in seconds of any clock that goes forward."""
        signs = [*self._status_signs(progress), *self._lag_signs(progress, now), *self._retention_signs(progress)]
        if self._moved(progress) and (self._said_at is None or now - self._said_at >= self.limits.progress_seconds):
            self._said_at, self._said_place = now, _place(progress)
            signs.append(Sign.PROGRESS)
        self._last = progress
        return signs

    def _moved(self, progress: JobProgress) -> bool:
        """Whether the job is further than at the last sign of progress, or is where it should be."""
        idle = progress.stage is Stage.SYNC and progress.lag_seconds == 0
        return idle or _place(progress) != self._said_place

    def _status_signs(self, progress: JobProgress) -> Iterator[Sign]:
        before = self._last.status if self._last else Status.RUNNING
        if progress.status is Status.PAUSED and before is not Status.PAUSED:
            yield Sign.PAUSED
        elif before is Status.PAUSED and progress.status is Status.RUNNING:
            yield Sign.RESUMED

    def _lag_signs(self, progress: JobProgress, now: float) -> Iterator[Sign]:
        lag = progress.lag_seconds
        if lag is None:
            return
        if self._lag_high and lag < self.limits.lag_seconds / 2:
            self._lag_high = False
            yield Sign.LAG_OVER
        if self._lag_before is None or now - self._lag_before[0] >= self.limits.growing_seconds:
            growing = self._lag_before is not None and lag > self._lag_before[1]
            self._lag_before = (now, lag)
            if growing and lag > self.limits.lag_seconds and not self._lag_high:
                self._lag_high = True
                yield Sign.LAG_HIGH

    def _retention_signs(self, progress: JobProgress) -> Iterator[Sign]:
        """What is still needed is as old as the lag, or while existing rows are loaded, as the load."""
        if self.retention_seconds is None:
            return
        age = progress.lag_seconds if progress.stage is Stage.SYNC else progress.seconds
        low = age is not None and age > self.limits.retention_share * self.retention_seconds
        if low and not self._retention_low:
            yield Sign.RETENTION_LOW
        self._retention_low = low


def _place(progress: JobProgress) -> tuple[object, ...]:
    return (progress.stage, progress.rows, progress.changes, progress.position, progress.gtid_set)


def payload_of(progress: JobProgress) -> dict[str, Any]:
    """What goes with each sign, for people and for those who graph it."""
    return {
        "job": progress.name,
        "stage": progress.stage.value,
        "status": progress.status.value,
        "rows": progress.rows,
        "percent": round(progress.percent, 1),
        "changes": progress.changes,
        "lag_seconds": progress.lag_seconds,
        "position": progress.position,
    }
