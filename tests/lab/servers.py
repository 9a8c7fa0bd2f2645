"""Database servers to test against: those that the environment names, else started here on free ports.

Each started server has a data folder of its own, copied from one that is initialised once per version, so
that a server with special options is ready in two seconds.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.model.settings import ServerSettings
from tests.lab.install import LOCAL, SEARCH_PATH, Installation, Kind, ServerMissing, installation

START_TIMEOUT_SECONDS = 90

OPTIONS = (
    "--local-infile=1",
    "--innodb-flush-log-at-trx-commit=2",  # survives a kill of the server, not of the machine
    "--sync-binlog=0",
    "--loose-innodb-doublewrite=0",
    "--loose-mysqlx=OFF",
    "--secure-file-priv=",
)
SOURCE_OPTIONS = ("--log-bin=binlog", "--binlog-format=ROW", "--loose-binlog-row-image=FULL")
TARGET_OPTIONS = ("--skip-log-bin",)

ROOT_FROM_ANYWHERE = """
CREATE USER root@'%';
GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;
"""


class Server:
    """A database server that runs somewhere."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings

    @classmethod
    def at(cls, url: str) -> Self:
        """The server that a URL such as `mysql://root:password@127.0.0.1:3306` names."""
        parts = urlsplit(url)
        return cls(
            ServerSettings(
                host=parts.hostname or "127.0.0.1",
                port=parts.port or 3306,
                user=unquote(parts.username or "root"),
                password=unquote(parts.password or ""),
                kind="mariadb" if parts.scheme == "mariadb" else "mysql",
            )
        )

    @property
    def url(self) -> str:
        password = ":" + quote(self.settings.password, safe="") if self.settings.password else ""
        return f"mysql://{quote(self.settings.user, safe='')}{password}@{self.settings.address}"

    def connect(self, **options: Any) -> Connection:
        """A plain PyMySQL connection in autocommit mode; `options` are those of `pymysql.connect`."""
        defaults = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": 10}
        settings = self.settings
        address = {
            "host": settings.host,
            "port": settings.port,
            "user": settings.user,
            "password": settings.password,
        }
        return pymysql.connect(**{**address, **defaults, **options})

    def answers(self) -> bool:
        """Whether a client can log in."""
        try:
            self.connect(connect_timeout=2).close()
        except pymysql.MySQLError:
            return False
        return True

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Runs the statements on a connection of their own and returns the rows of the last one."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    @cached_property
    def version(self) -> str:
        return str(self.execute("SELECT VERSION()")[0][0])

    @property
    def is_tidb(self) -> bool:
        return "TiDB" in self.version

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.settings}>"


class LabServer(Server):
    """A server that was started here; it dies with this process unless it is `lasting`."""

    def __init__(
        self, kind: Kind, *options: str, folder: Path | None = None, lasting: bool = False, port: int = 0
    ) -> None:
        super().__init__(ServerSettings("127.0.0.1", port or free_port(), "root", kind=kind))
        self.installation = installation(kind)
        self.folder = folder or Path(tempfile.mkdtemp(prefix="mysql-to-tidb-"))
        self.options = options
        self.lasting = lasting
        self._process: subprocess.Popen[bytes] | None = None
        data = self.folder / "data"
        if not data.exists():
            _copy(_initialised(self.installation), data)
        self.start()

    @property
    def pid(self) -> int:
        """Of the running server; raises RuntimeError when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self} does not run")
        return self._process.pid

    def start(self, *options: str) -> None:
        """Starts the server on its port and data, with `options` for this time only, and waits until it answers."""
        command = [
            *([] if self.lasting else dies_with_this_process()),
            *self.installation.command,
            *_common_options(self.folder / "data"),
            f"--port={self.settings.port}",
            f"--server-id={self.settings.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.folder / 's'}",
            f"--pid-file={self.folder / 'pid'}",
            *self.options,
            *options,
        ]
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServerMissing(f"{self} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Shuts the server down in good order and keeps its data."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the server as `kill -9` does and keeps its data."""
        self._end(signal.SIGKILL)

    def restart(self, *options: str) -> None:
        """Stops and starts the server on the same data; `options` hold until the next start."""
        self.stop()
        self.start(*options)

    def discard(self) -> None:
        """Kills the server and removes its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(60)


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to outgoing connections."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise ServerMissing("no port is free between 20000 and 32000")


def dies_with_this_process() -> list[str]:
    """What to put before a command so that a test run that is killed leaves nothing behind.

    Strictly, the command dies with the thread that starts it.
    """
    setpriv = shutil.which("setpriv", path=SEARCH_PATH)
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _common_options(data: Path) -> list[str]:
    return [
        *(["--user=root"] if os.geteuid() == 0 else []),  # without a word, a server refuses to run as root
        f"--datadir={data}",
        f"--tmpdir={data.parent}",  # MariaDB clears it at its start, whoever else uses it
        *OPTIONS,
    ]


def _copy(initialised: Path, data: Path) -> None:
    data.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", str(initialised), str(data)], check=True)
    (data / "auto.cnf").unlink(missing_ok=True)  # holds server_uuid, which must differ from server to server


def _initialised(program: Installation) -> Path:
    """A data folder that is fresh but for a root user without password from anywhere; made once per version."""
    ready = LOCAL / "data" / f"{program.kind}-{program.version}"
    if ready.exists():
        return ready
    ready.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{ready.name}-", dir=ready.parent))
    data, statements = partial / "data", partial / "statements.sql"
    if program.kind is Kind.MYSQL:
        statements.write_text(ROOT_FROM_ANYWHERE)
        _initialise(program, data, ["--initialize-insecure", f"--init-file={statements}"], b"")
    else:
        data.mkdir()
        _initialise(program, data, ["--bootstrap", "--max-allowed-packet=16M"], _mariadb_system_tables(program.share))
    with contextlib.suppress(OSError):  # another process may have been faster
        data.rename(ready)
    shutil.rmtree(partial)
    return ready


def _mariadb_system_tables(share: Path) -> bytes:
    """What mariadb-install-db feeds to the server, in the same order."""
    names = [
        "mysql_system_tables",
        "mysql_performance_tables",
        "mysql_system_tables_data",
        "maria_add_gis_sp_bootstrap",
        "mysql_sys_schema",
    ]
    scripts = [(share / f"{name}.sql").read_bytes() for name in names]
    start = b"CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"
    return start + b"\n".join(scripts) + b"\nFLUSH PRIVILEGES;" + ROOT_FROM_ANYWHERE.encode()


def _initialise(program: Installation, data: Path, options: Sequence[str], statements: bytes) -> None:
    command = [*program.command, *_common_options(data), *options]
    done = subprocess.run(command, input=statements, capture_output=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
        raise ServerMissing(f"{program.command[-1]} could not initialise a data folder:\n{said}")
