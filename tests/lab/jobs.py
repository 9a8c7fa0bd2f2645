"""Job files and the command line, run as a user runs them: in a process of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.lab.servers import Server

COMMAND = [sys.executable, "-m", "flows"]
RUN_SECONDS_MAX = 240


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON in the last line of its standard output."""
        summary: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return summary


class JobRun:
    """A job file, and the commands on it."""

    def __init__(self, folder: Path, environment: dict[str, str], **fields: Any) -> None:
        self.path = folder / f"{fields['name']}.yaml"
        self.path.write_text(yaml.safe_dump(fields))
        self.environment = os.environ | environment

    def command(self, command: str, *options: str, **variables: str) -> Ran:
        """Run one command to its end."""
        process = self.popen(command, *options, **variables)
        try:
            out, err = process.communicate(timeout=RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{command} did not end:\n{out}\n{err}") from None
        return Ran(process.returncode, out, err)

    def popen(self, command: str, *options: str, **variables: str) -> subprocess.Popen[str]:
        """Start one command and leave it running."""
        return subprocess.Popen(
            [*COMMAND, command, str(self.path), *options],
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def driven(self, until: str = "forever", **variables: str) -> subprocess.Popen[bytes]:
        """The same left running, with what it says in a file beside the job's."""
        with self.path.with_suffix(".log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.lab.drive", str(self.path), until],
                env=self.environment | variables,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        """What `driven` has said so far."""
        return self.path.with_suffix(".log").read_text(errors="replace")

    def drive(self, until: str = "caught-up", **variables: str) -> Ran:
        """The same by the library alone, which starts a good deal faster."""
        command = [sys.executable, "-m", "tests.lab.drive", str(self.path), until]
        environment = self.environment | variables
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, until: str = "caught-up", **variables: str) -> dict[str, Any]:
        """`start` that must end well; its summary."""
        ran = self.command("start", "--until", until, **variables)
        assert ran.code == 0, f"{ran.out}\n{ran.err}"
        return ran.summary


def job_fields(name: str, source: Server, target: Server, **fields: Any) -> dict[str, Any]:
    """The fields of a job between two servers that ignores all warnings."""
    return {
        "name": name,
        "source": {"url": source.url, "kind": "mariadb" if "MariaDB" in source.version else "mysql"},
        "target": {"url": target.url},
        "ignore_warnings": "all",
    } | fields
