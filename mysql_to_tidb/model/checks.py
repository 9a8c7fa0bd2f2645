"""What a precheck found out, item by item, and what that means for the job."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from mysql_to_tidb.errors import PrecheckFailed


class Outcome(StrEnum):
    """How an item, or a whole precheck, ended."""

    PASS = "pass"  # noqa: S105 - not a password
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One item of a precheck."""

    item: str
    """Its id in snake_case, as `ignore_warnings` takes it."""
    outcome: Outcome
    reason: str
    """What was found; for an item that passed, too."""
    solution: str = ""
    """What to do about it, fit to the kind of source."""
    where: str = ""
    """`source`, `target`, or the tables concerned."""
    documentation: str = ""
    """The vendor's page about the solution."""

    def as_json(self) -> dict[str, str]:
        return {
            "item": self.item,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "solution": self.solution,
            "where": self.where,
            "documentation": self.documentation,
        }


NAMES_SHOWN_MAX = 20


def listed(names: Iterable[object]) -> str:
    """Names for a message; only the first when there are very many."""
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:NAMES_SHOWN_MAX])
    return f"{shown} and {len(texts) - NAMES_SHOWN_MAX} more" if len(texts) > NAMES_SHOWN_MAX else shown


Ignored = Literal["all"] | Collection[str]
"""Items whose warnings do not stop the job."""


def decide(results: Iterable[CheckResult], ignore: Ignored) -> Outcome:
    """FAILED where any item failed, WARNING where a warning is not ignored, else PASS: the job goes on."""
    open_items = [result for result in results if result.outcome is not Outcome.PASS]
    if any(result.outcome is Outcome.FAILED for result in open_items):
        return Outcome.FAILED
    if ignore == "all" or all(result.item in ignore for result in open_items):
        return Outcome.PASS
    return Outcome.WARNING


def refuse(results: Iterable[CheckResult], outcome: Outcome) -> None:
    """Raises PrecheckFailed, naming the items, unless the outcome lets the job start."""
    if outcome is Outcome.PASS:
        return
    items = [item for item in results if item.outcome is outcome]
    named = "; ".join(f"{item.item}: {item.reason}" for item in items)
    hint = "mend them, or name them in ignore_warnings"
    if outcome is Outcome.FAILED:
        hint = "; ".join(f"{item.item}: {item.solution}" for item in items if item.solution)
    raise PrecheckFailed(f"the precheck ended with {outcome}: {named}", hint=hint)
