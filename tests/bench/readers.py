"""How fast both readers are, each against what everybody has: PyMySQL's cursor, mysql-replication's stream.

Ratios go to standard output, all figures as JSON into a file.
"""

import argparse
import json
from pathlib import Path

from tests.bench import binlog, rows
from tests.bench.contest import Figures
from tests.lab.install import Kind


def main() -> None:
    parser = argparse.ArgumentParser("./run bench readers", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="of each table that is read")
    parser.add_argument("--transactions", type=int, default=25_000, help="of the load whose binary log is read")
    parser.add_argument("--only", choices=["rows", *Kind], help="only the rows, or only the log of this source")
    parser.add_argument("--json", type=Path, default=Path("build/bench/readers.json"), help="where the figures go")
    options = parser.parse_args()
    figures: Figures = {}
    if options.only in {None, "rows"}:
        figures["rows"] = rows.measure(options.rows)
    for kind in Kind:
        if options.only in {None, kind}:
            figures[kind] = binlog.measure(kind, options.transactions)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
