"""Random schemas, data and changes, a few of them: those of `./run fuzz`, which goes on as long as one likes."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.round import forget, play, remove_a_row
from tests.fuzz.workload import Workload
from tests.lab.servers import Server

FIXED_SEEDS = (1001, 1004)


@contextlib.contextmanager
def forgotten(workload: Workload, source: Server, target: Server) -> Iterator[None]:
    forget(workload, source, target)
    yield
    forget(workload, source, target)


def source_of(workload: Workload, request: pytest.FixtureRequest) -> Server:
    source: Server = request.getfixturevalue(f"source_{workload.kind}")
    return source


@pytest.mark.parametrize("seed", FIXED_SEEDS)
def test_a_workload_arrives_whatever_it_is(
    seed: int, request: pytest.FixtureRequest, target: Server, tmp_path: Path
) -> None:
    workload = Workload(seed, rows_max=150, transactions=60)
    source = source_of(workload, request)
    with forgotten(workload, source, target):
        verdict = play(workload, source, target, tmp_path)
        assert verdict.problems == ()
    assert verdict.changes > 100


def test_a_row_that_is_missing_is_found(request: pytest.FixtureRequest, target: Server, tmp_path: Path) -> None:
    workload = Workload(1004, rows_max=30, transactions=4)
    source = source_of(workload, request)
    with forgotten(workload, source, target):
        verdict = play(workload, source, target, tmp_path, before_comparison=remove_a_row)
    assert len(verdict.problems) == 1
    assert "lacks at the target" in verdict.problems[0]


def test_the_command_plays_a_fresh_seed_and_fails_at_a_planted_error(
    request: pytest.FixtureRequest, target: Server, tmp_path: Path
) -> None:
    servers = {
        "SOURCE_MYSQL_URL": request.getfixturevalue("source_mysql").url,
        "SOURCE_MARIADB_URL": request.getfixturevalue("source_mariadb").url,
        "TIDB_URL": target.url,
    }
    root = Path(__file__).parents[2]

    def run(*options: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "tests.fuzz", *options]
        environment = os.environ | servers | {"PYTHONPATH": str(root)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, said = run("--rounds", "1")
    assert code == 0, said
    assert "all equal" in said
    code, said = run("--seed", "1008", "--rounds", "1", "--corrupt")
    assert code == 1
    assert "NOT EQUAL" in said
    assert "./run fuzz --seed 1008 --rounds 1" in said
    assert "CREATE TABLE" in (tmp_path / "build/fuzz/1008.sql").read_text()
    workload = Workload(1008)
    forget(workload, source_of(workload, request), target)


def test_a_seed_stands_for_the_same_statements_always() -> None:
    assert Workload(7).script() == Workload(7).script()
    assert Workload(7).script() != Workload(9).script()
