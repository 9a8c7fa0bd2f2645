"""One job by the library alone, measured from inside: `python -m tests.bench.sync_once JOB.yaml UNTIL`.

Prints what following the source took, apart from all that came before it.
"""

import json
import resource
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()

from mysql_to_tidb.job import load_job  # noqa: E402 - what importing takes is measured too
from mysql_to_tidb.model.states import Until  # noqa: E402 - likewise
from mysql_to_tidb.stages import load, sync  # noqa: E402 - likewise
from mysql_to_tidb.stages.begin import begin  # noqa: E402 - likewise
from mysql_to_tidb.stages.running import open_store, running  # noqa: E402 - likewise
from mysql_to_tidb.stages.schema import create_tables  # noqa: E402 - likewise


def main() -> None:
    imported = time.perf_counter()
    job, until = load_job(Path(sys.argv[1])), Until(sys.argv[2])
    source, target = job.source_settings(), job.target_settings()
    with running(job, target) as fence:
        begin(job, source, target, fence)
        create_tables(job, source, target, fence)
        for unit in load.plan_load(source, target, fence, job.limits):
            load.load_unit(source, target, fence, job.limits, unit)
        load.finish_load(source, target, fence)
        with open_store(target) as store:
            before = store.checkpoints.read(job.name)
        began, worked = time.perf_counter(), time.process_time()
        sync.follow(job, source, target, fence, until)
        ended, rested = time.perf_counter(), time.process_time()
        with open_store(target) as store:
            after = store.checkpoints.read(job.name)
    assert before is not None
    assert after is not None
    figures = {
        "changes": after.changes - before.changes,
        "transactions": after.transactions - before.transactions,
        "windows": after.sequence - before.sequence,
        "seconds": ended - began,
        "processor_seconds": rested - worked,
        "resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "import_seconds": imported - STARTED,
        "process_seconds": time.perf_counter() - STARTED,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
