"""How fast a validation is: rows per second, against those of the full load of the same table in the same run.

`four_columns` is summed up by both servers; `twelve_columns` has a DOUBLE and a JSON column, so that its rows are
read and compared one by one. Figures go to `build/bench/validate.json`. Run it with
`python -m tests.bench.validate [rows]`; TIDB_URL names the target.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.bench.servers import lab
from tests.bench.tables import TABLES, fill
from tests.lab.jobs import job_fields
from tests.lab.servers import Server

DATABASE = "bench_validate"
JOB = "bench-validate"
ROUNDS = 3
GOAL = 2.0
"""Times the rows per second of the full load."""
FOLDER = Path("build/bench")


def run(*command: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def measure(source: Server, target: Server, name: str, rows: int) -> dict[str, float]:
    """Load once, then validate a few times; the median of those."""
    fill(source, DATABASE, name, rows)
    fields = job_fields(JOB, source, target, mode="full", objects={"tables": [f"{DATABASE}.{name}"]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_text(yaml.safe_dump(fields))
        loaded = run("tests.bench.load_once", str(path))
        reports = [run("flows", "validate", str(path), "--json") for _ in range(ROUNDS)]
        run_delete = [sys.executable, "-m", "flows", "delete", str(path)]
        subprocess.run(run_delete, check=True, capture_output=True)
    assert all(report["outcome"] == "equal" and report["rows"] == rows for report in reports)
    speeds = sorted(report["rows_per_second"] for report in reports)
    load_speed = rows / loaded["seconds"]
    speed = speeds[len(speeds) // 2]
    return {
        "rows": rows,
        "load_rows_per_second": round(load_speed),
        "validate_rows_per_second": round(speed),
        "times": round(speed / load_speed, 2),
    }


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    figures = {}
    with lab() as (source, target):
        source.execute(f"CREATE DATABASE {DATABASE}")
        for name in TABLES:
            target.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
            figures[name] = measure(source, target, name, rows)
            print(f"{name}: load {figures[name]['load_rows_per_second']:,} rows/s, ", end="")
            print(f"validation {figures[name]['validate_rows_per_second']:,} rows/s, ", end="")
            print(f"{figures[name]['times']:.1f} times (goal {GOAL:.0f})")
        target.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "validate.json"
    path.write_text(json.dumps({"goal_times": GOAL, "tables": figures}, indent=2) + "\n")
    print(f"figures in {path}")


if __name__ == "__main__":
    main()
