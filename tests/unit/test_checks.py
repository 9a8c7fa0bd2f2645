"""What a precheck comes to, given the warnings that a job ignores."""

import pytest

from mysql_to_tidb.model.checks import CheckResult, Ignored, Outcome, decide, listed

PASS = CheckResult("a", Outcome.PASS, "fine")
WARNING = CheckResult("b", Outcome.WARNING, "hm", "do this")
OTHER_WARNING = CheckResult("c", Outcome.WARNING, "hm", "do that")
FAILED = CheckResult("d", Outcome.FAILED, "no", "mend it")


@pytest.mark.parametrize(
    ("results", "ignore", "outcome"),
    [
        ([], [], Outcome.PASS),
        ([PASS], [], Outcome.PASS),
        ([PASS, WARNING], [], Outcome.WARNING),
        ([PASS, WARNING], ["b"], Outcome.PASS),
        ([WARNING, OTHER_WARNING], ["b"], Outcome.WARNING),
        ([WARNING, OTHER_WARNING], ["b", "c"], Outcome.PASS),
        ([WARNING, OTHER_WARNING], "all", Outcome.PASS),
        ([FAILED, WARNING], "all", Outcome.FAILED),
        ([FAILED], ["d"], Outcome.FAILED),
    ],
)
def test_failures_stop_a_job_and_warnings_only_until_they_are_ignored(
    results: list[CheckResult], ignore: Ignored, outcome: Outcome
) -> None:
    assert decide(results, ignore) is outcome


def test_an_item_goes_into_json_as_plain_text() -> None:
    assert FAILED.as_json() == {
        "item": "d",
        "outcome": "failed",
        "reason": "no",
        "solution": "mend it",
        "where": "",
        "documentation": "",
    }


def test_a_long_list_of_names_is_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(range(25)).endswith("18, 19 and 5 more")
