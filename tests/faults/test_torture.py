"""A round of torture on each kind of source: `./run torture` goes on as long as one likes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.round import forget
from tests.fuzz.workload import Workload
from tests.lab.servers import LabServer, Server
from tests.torture.round import FAULTS, Round


@pytest.mark.parametrize("seed", [2000, 2001])
def test_a_round_of_faults_ends_equal(
    seed: int, start_server: Callable[..., LabServer], target: Server, tmp_path: Path
) -> None:
    workload = Workload(seed, rows_max=200, transactions=200)
    source = start_server(workload.kind)
    forget(workload, source, target)
    outcome = Round(workload, source, target, tmp_path).play()
    forget(workload, source, target)
    assert outcome.problems == ()
    assert outcome.faults.total() == FAULTS
    assert outcome.runs > 2
