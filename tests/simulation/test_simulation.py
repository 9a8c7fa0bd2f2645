"""The algorithm holds under every order of events that thousands of seeds give, and needs each of its rules."""

import os
from dataclasses import fields, replace

import pytest

from tests.simulation.rules import Rules
from tests.simulation.target import Conflict
from tests.simulation.world import FAILURES, Outcome, simulate

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1000"))
BROKEN_SEEDS_MAX = 3000
"""A rule whose absence so many seeds do not show would not be needed."""


def test_no_seed_lets_the_target_diverge() -> None:
    outcomes = []
    for seed in range(SEEDS):
        try:
            outcomes.append(simulate(seed))
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
    # What never happens proves nothing.
    for what in ("crashes", "zombies", "lost_commits", "looks"):
        assert sum(getattr(outcome, what) for outcome in outcomes) > SEEDS / 10, what


def test_a_seed_always_gives_the_same_story() -> None:
    assert simulate(7) == simulate(7) != Outcome(0, 0, 0, 0)


def test_a_row_that_somebody_else_has_removed_is_met_as_a_conflict() -> None:
    met = 0
    for seed in range(100):
        try:
            simulate(seed, meddling=True)
        except Conflict:
            met += 1
    assert met > 20


@pytest.mark.parametrize("rule", [field.name for field in fields(Rules)])
def test_without_a_rule_the_target_goes_astray(rule: str) -> None:
    broken = replace(Rules(), **{rule: False})
    for seed in range(BROKEN_SEEDS_MAX):
        try:
            simulate(seed, broken, meddling=rule == "exact_once_consistent")
        except FAILURES:
            return
    pytest.fail(f"{BROKEN_SEEDS_MAX} seeds do not show that the rule is needed")
