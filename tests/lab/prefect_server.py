"""A Prefect server of our own on a free port, with its data in a folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.servers import dies_with_this_process, free_port

START_SECONDS_MAX = 180
ROOT = Path(__file__).parents[2]

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}
"""Prefect without telemetry and without questions."""


class PrefectServer:
    """Started when made; ended by `stop`, when its context is left, or with this process unless it is `lasting`."""

    def __init__(self, folder: Path, *, lasting: bool = False) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.ui_url = f"http://127.0.0.1:{port}"
        self.environment = QUIET | {
            "PREFECT_HOME": str(folder),
            "PREFECT_API_URL": f"{self.ui_url}/api",
        }
        """What a process needs to work with this server."""
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        if not lasting:
            command = [*dies_with_this_process(), *command]
        own = {name: value for name, value in self.environment.items() if name != "PREFECT_API_URL"}
        with (folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=os.environ | own, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._wait()

    def latest_artifacts(self) -> dict[str, Any]:
        """The content of the newest artifact of each key."""
        request = urllib.request.Request(
            f"{self.environment['PREFECT_API_URL']}/artifacts/latest/filter",
            data=json.dumps({"sort": "UPDATED_DESC"}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return {artifact["key"]: artifact["data"] for artifact in json.load(answer)}

    @contextlib.contextmanager
    def worker(self, pool: str, log: Path) -> Iterator[None]:
        """A worker of this pool, with what it says in `log`."""
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool],
                env=os.environ | self.environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)

    def stop(self) -> None:
        """End the server and all that it has started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.ui_url}/api/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        log = (self.folder / "server.log").read_text(errors="replace")[-2000:]
        self.stop()
        raise RuntimeError(f"the Prefect server did not start:\n{log}")
