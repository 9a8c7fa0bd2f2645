"""Lets several readers of the same thing run in turn, and prints how much faster than one of them the others are."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

ROUNDS = 3

Reader = Callable[[], int]
"""Reads everything and says how many rows that was."""
Figures = dict[str, Any]


class Result(NamedTuple):
    rows: int
    seconds: float
    processor_seconds: float
    """Hardly changes with what else the machine does."""


def contest(name: str, readers: Mapping[str, Reader], *, against: str, goals: Mapping[str, float]) -> Figures:
    """Each reader's best of some rounds, printed with its ratio to the one they run `against`.

    Raises AssertionError where they do not read as many rows as each other.
    """
    rounds = [{reader: _timed(read) for reader, read in readers.items()} for _ in range(ROUNDS)]
    best = {
        reader: min((results[reader] for results in rounds), key=lambda r: r.processor_seconds) for reader in readers
    }
    assert len({result.rows for result in best.values()}) == 1, f"{name}: they read differently, {best}"
    theirs = best[against]
    print(f"{name}: {theirs.rows} rows")
    figures: Figures = {"rows": theirs.rows}
    for reader, result in best.items():
        times, wall_times = theirs.processor_seconds / result.processor_seconds, theirs.seconds / result.seconds
        verdict = ""
        if goal := goals.get(reader):
            verdict = f"  goal {goal:g}: {'met' if times >= goal else 'MISSED'}"
        print(
            f"  {reader:<30}{result.processor_seconds:7.2f} s CPU {times:6.1f} times {result.seconds:7.2f} s "
            f"{wall_times:6.1f} times{verdict}",
            flush=True,
        )
        figures[reader] = {**result._asdict(), "times_faster": times, "times_faster_by_the_clock": wall_times}
    return figures


def _timed(read: Reader) -> Result:
    began, worked = time.perf_counter(), time.process_time()
    rows = read()
    return Result(rows, time.perf_counter() - began, time.process_time() - worked)
