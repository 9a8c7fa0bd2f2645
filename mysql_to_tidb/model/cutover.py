"""Whether applications may be pointed at the target, and the evidence for it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    GO = "GO"
    NO_GO = "NO-GO"
    UNDECIDED = "undecided"
    """A dry run that found nothing against it."""


class Finding(StrEnum):
    """How one item ended."""

    PASS = "pass"  # noqa: S105 - no password
    FAILED = "failed"
    OPEN = "open"
    """What a dry run finds not to be so yet, or would have to change: it says what will be done."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One item of a cutover: what was looked at, and what was seen."""

    item: str
    finding: Finding
    seen: str
    advice: str = ""
    """What to do about it, where it has failed."""


@dataclass(frozen=True, slots=True)
class CutoverReport:
    """All items, in their order."""

    job: str
    items: tuple[Evidence, ...]
    position: str = ""
    """Of the source, up to which the target has everything."""
    target_timestamp: str = ""
    """TiDB's own timestamp of the switch: where a feed back to the source would start."""
    seconds: float = 0.0
    dry_run: bool = False

    @property
    def decision(self) -> Decision:
        if self.failed:
            return Decision.NO_GO
        return Decision.UNDECIDED if self.dry_run else Decision.GO

    @property
    def failed(self) -> tuple[Evidence, ...]:
        return tuple(item for item in self.items if item.finding is Finding.FAILED)

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return asdict(self) | {"decision": self.decision.value, "seconds": round(self.seconds, 3)}
