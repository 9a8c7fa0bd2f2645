"""What an alert says: which job, what happened, what to do about it, and where to look."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class AlertKind(StrEnum):
    """What somebody is woken up for, or may go back to sleep after."""

    FAILED = "failed"
    CRASHED = "crashed"
    NO_PROGRESS = "no-progress"
    LAG_HIGH = "lag-high"
    LAG_OVER = "lag-over"
    RETENTION_LOW = "retention-low"
    PAUSED_LONG = "paused-long"
    RECOVERED = "recovered"


_SAID: dict[AlertKind, tuple[str, str]] = {
    AlertKind.FAILED: ("has failed", "Mend the cause, then `mysql-to-tidb start` or `restart`: nothing is lost."),
    AlertKind.CRASHED: (
        "has lost the process that ran it",
        "Run it again: it goes on from its last commit. Look at the worker and its memory if it happens again.",
    ),
    AlertKind.NO_PROGRESS: (
        "has not moved for a long time",
        "See `mysql-to-tidb status` and the log of the run; a lock at the target is the usual cause.",
    ),
    AlertKind.LAG_HIGH: (
        "falls behind its source, more and more",
        "Give the target more room, or the job a larger `spec`; see `mysql-to-tidb status`.",
    ),
    AlertKind.LAG_OVER: ("has caught up again", "Nothing is to be done."),
    AlertKind.RETENTION_LOW: (
        "may soon need binary logs that the source removes",
        "Make the source keep them for longer (binlog_expire_logs_seconds, or the setting of your cloud service).",
    ),
    AlertKind.PAUSED_LONG: (
        "has been paused for a long time",
        "`mysql-to-tidb resume`, before the source removes the binary logs that are needed.",
    ),
    AlertKind.RECOVERED: ("runs again", "Nothing is to be done."),
}
"""Of each kind, what is said of the job, and what to do where the error says nothing itself."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Ready to be sent."""

    subject: str
    text: str
    details: dict[str, Any]


def alert_of(kind: str, job: str, payload: dict[str, Any], link: str) -> Alert:
    """The alert of an event with this payload. Raises ValueError for a kind that does not exist."""
    said, advice = _SAID[AlertKind(kind)]
    name = f"Migration {job}" if job else "A migration"
    lines = [f"{name} {said}.", ""]
    if payload.get("code"):
        lines.append(f"{payload['code']}: {payload.get('message', '')}")
    facts = {"Where": "where", "Stage": "stage", "Position": "position", "Lag, in seconds": "lag_seconds"}
    lines += [f"{label}: {payload[field]}" for label, field in facts.items() if payload.get(field)]
    lines += ["", f"What to do: {payload.get('hint') or advice}"]
    if link:
        lines.append(f"The run: {link}")
    details = {"kind": str(AlertKind(kind)), "job": job, "link": link, **payload}
    return Alert(f"[mysql-to-tidb] {name} {said}", "\n".join(lines), details)
