"""One full load by the library alone, measured from inside: `python -m tests.bench.load_once JOB.yaml`."""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mysql_to_tidb.job import load_job
from mysql_to_tidb.stages import load
from mysql_to_tidb.stages.begin import begin
from mysql_to_tidb.stages.running import running
from mysql_to_tidb.stages.schema import create_tables


def main() -> None:
    job = load_job(Path(sys.argv[1]))
    source, target = job.source_settings(), job.target_settings()
    with running(job, target) as fence:
        started = time.perf_counter()
        begin(job, source, target, fence)
        create_tables(job, source, target, fence)
        began, worked = time.perf_counter(), time.process_time()
        units = load.plan_load(source, target, fence, job.limits)
        with ThreadPoolExecutor(job.limits.load_connections) as pool:
            list(pool.map(lambda unit: load.load_unit(source, target, fence, job.limits, unit), units))
        load.finish_load(source, target, fence)
        ended = time.perf_counter()
        figures = {
            "seconds": ended - began,
            "whole_seconds": ended - started,
            "processor_seconds": time.process_time() - worked,
            "resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
