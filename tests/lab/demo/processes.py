"""The processes that the demo leaves running, each known by a file, so that `demo stop` ends these and no others."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab.install import LOCAL

FOLDER = LOCAL / "demo"
PROCESSES = FOLDER / "processes"
STOP_SECONDS_MAX = 6


def start(name: str, command: Sequence[str], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Starts a process that outlives this one; what it prints goes to `<name>.log` in the demo's folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | (environment or {}),
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    remember(name, process.pid)
    return process


def remember(name: str, pid: int) -> None:
    """Lets `stop_all` end this process, which leads a session of its own, and those that it has started."""
    PROCESSES.mkdir(parents=True, exist_ok=True)
    (PROCESSES / name).write_text(f"{pid} {_started(pid)}")


def stop(*names: str) -> list[str]:
    """Ends remembered processes, gently first, and names those that were running.

    Another process that has got the number of one of ours since is left alone.
    """
    known = {name: (PROCESSES / name).read_text().split() for name in names}
    running = {name: int(pid) for name, (pid, started) in known.items() if _started(int(pid)) == started != "ended"}
    for how in (signal.SIGTERM, signal.SIGKILL):
        for name, pid in running.items():
            if _started(pid) == known[name][1]:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, how)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while any(_started(pid) == known[name][1] for name, pid in running.items()) and time.monotonic() < deadline:
            time.sleep(0.05)
    for name in names:
        (PROCESSES / name).unlink()
    return list(running)


def stop_all() -> list[str]:
    """Ends all that are remembered, removes their data, and names those that were running."""
    if not PROCESSES.exists():
        return []
    stopped = stop(*sorted(file.name for file in PROCESSES.iterdir()))
    shutil.rmtree(FOLDER)
    return stopped


def _started(pid: int) -> str:
    """When the process began, in ticks since the boot, which tells it from a later one of its number.

    Fields 3 (state) and 22 of proc(5); a zombie has ended.
    """
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "ended" if fields[0] == "Z" else fields[19]
    return "ended"
