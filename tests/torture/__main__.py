"""Rounds of random workloads under random faults, both kinds of source in turn: `./run torture --seed N --minutes M`.

The sources are started for it, as they are restarted and killed; the target is the TiDB of TIDB_URL, else a stand-in.
"""

import argparse
import contextlib
import json
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.round import forget
from tests.fuzz.workload import Workload
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, TARGET_OPTIONS, LabServer, Server
from tests.torture.faults import Fault
from tests.torture.round import Outcome, Round

FIGURES = Path("build/torture.json")
TRANSACTIONS = 400


def main() -> int:
    parser = argparse.ArgumentParser("./run torture", description=__doc__)
    seed_help = "of the first round; the next adds 1"
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9), help=seed_help)
    parser.add_argument("--minutes", type=float, default=5.0, help="begin no round after so long")
    options = parser.parse_args()
    deadline = time.monotonic() + options.minutes * 60
    outcomes: list[Outcome] = []
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        target = _target(stack)
        sources = {kind: _started(stack, kind, *SOURCE_OPTIONS) for kind in Kind}
        while not outcomes or (time.monotonic() < deadline and not outcomes[-1].problems):
            workload = Workload(options.seed + len(outcomes), transactions=TRANSACTIONS)
            source = sources[workload.kind]
            forget(workload, source, target)
            outcomes.append(Round(workload, source, target, Path(folder)).play())
            print(outcomes[-1], flush=True)
            if not outcomes[-1].problems:
                forget(workload, source, target)
    report(outcomes, target)
    return 1 if outcomes[-1].problems else 0


def report(outcomes: list[Outcome], target: Server) -> None:
    """How often each fault was tried, and what came of it; the same as JSON."""
    faults: Counter[Fault] = sum((outcome.faults for outcome in outcomes), Counter())
    print("\n| fault | tried |\n| --- | --- |\n" + "\n".join(f"| {fault} | {faults[fault]} |" for fault in Fault))
    seeds = [outcome.workload.seed for outcome in outcomes]
    diverged = [outcome.workload.seed for outcome in outcomes if outcome.problems]
    runs = sum(outcome.runs for outcome in outcomes)
    print(f"\n{faults.total()} faults in {len(outcomes)} rounds (seeds {seeds[0]} to {seeds[-1]}), ", end="")
    print(f"{runs} runs; divergences: {len(diverged)} {diverged or ''}")
    for problem in outcomes[-1].problems:
        print(f"  {problem}")
    figures = {
        "target": target.version,
        "seeds": seeds,
        "faults": {fault.name.lower(): faults[fault] for fault in Fault},
        "runs": runs,
        "diverged": diverged,
    }
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")


def _target(stack: contextlib.ExitStack) -> Server:
    url = os.environ.get("TIDB_URL")
    return Server.at(url) if url else _started(stack, Kind.MYSQL, *TARGET_OPTIONS)


def _started(stack: contextlib.ExitStack, kind: Kind, *options: str) -> LabServer:
    server = LabServer(kind, *options)
    stack.callback(server.discard)
    return server


if __name__ == "__main__":
    sys.exit(main())
