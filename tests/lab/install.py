"""Finds the programs of MySQL and MariaDB on PATH, else unpacks Debian's into `.local/`, touching nothing else.

The packages come through apt from the mirror that this machine already uses, are verified by apt, and run
with their own loader and libraries, so that even the newest suite works on an older system.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
PROGRAMS = LOCAL / "programs"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
"""Servers live in the sbin folders, which an ordinary user's PATH leaves out."""


class ServerMissing(Exception):
    """A server can be neither found nor installed; the message says why and what helps."""


class Kind(StrEnum):
    MYSQL = "mysql"
    MARIADB = "mariadb"


@dataclass(frozen=True, slots=True)
class Package:
    """Where Debian has a server, and the program in it."""

    suite: str
    name: str
    program: str


PACKAGES = {
    Kind.MYSQL: Package("sid", "mysql-server-core", "mysqld"),
    Kind.MARIADB: Package("bookworm", "mariadb-server-core", "mariadbd"),
}


@dataclass(frozen=True, slots=True)
class Installation:
    """A server program: the words that start it, and the folder with MariaDB's system tables as SQL."""

    kind: Kind
    command: tuple[str, ...]
    share: Path

    @property
    def version(self) -> str:
        """What `--version` says, without the path of the program."""
        return _version([*self.command, "--version"])


def installation(kind: Kind) -> Installation:
    """The program of this kind on PATH, else the unpacked one, which is installed first where it is missing.

    Raises ServerMissing.
    """
    return found(kind) or _unpacked(kind) or _install(kind)


def found(kind: Kind) -> Installation | None:
    """The program of this kind on PATH; a `mysqld` that is MariaDB in disguise does not count."""
    program = shutil.which(PACKAGES[kind].program, path=SEARCH_PATH)
    if not program or ("MariaDB" in _version([program, "--version"])) != (kind is Kind.MARIADB):
        return None
    shares = [Path(program).resolve().parents[1] / "share" / name for name in ("mariadb", "mysql")]
    share = next((folder for folder in shares if (folder / "mysql_system_tables.sql").exists()), shares[0])
    return Installation(kind, (program, "--no-defaults"), share)


def describe(kind: Kind) -> str:
    """What `installation` would answer, without installing anything."""
    ready = found(kind) or _unpacked(kind)
    return ready.version if ready else f"{PACKAGES[kind].name}, to be installed from Debian {PACKAGES[kind].suite}"


def _version(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return " ".join(done.stdout.partition("Ver ")[2].split()[:1]) or done.stdout.strip()


def _unpacked(kind: Kind) -> Installation | None:
    root = PROGRAMS / kind
    program = root / "usr" / "sbin" / PACKAGES[kind].program
    if not program.exists():
        return None
    loader = next(path for path in sorted(root.glob("**/ld-linux*.so.*")) if path.is_file())
    libraries = [*sorted(root.glob("lib/*-linux-gnu")), *sorted(root.glob("usr/lib/*-linux-gnu"))]
    share = root / "usr" / "share" / "mysql"
    command = (
        str(loader),
        "--library-path",
        ":".join(map(str, libraries)),
        str(program),
        "--no-defaults",
        f"--lc-messages-dir={share}",
        f"--character-sets-dir={share / 'charsets'}",
        f"--plugin-dir={root / 'usr' / 'lib' / 'mysql' / 'plugin'}",
    )
    return Installation(kind, command, share)


def _install(kind: Kind) -> Installation:
    package = PACKAGES[kind]
    partial = PROGRAMS / f"{kind}.partial"
    with _only_one():
        if not _unpacked(kind):  # nobody else was faster
            shutil.rmtree(partial, ignore_errors=True)
            print(f"installing {package.name} from Debian {package.suite} into {PROGRAMS / kind}", flush=True)
            for archive in _download(package):
                _run(["dpkg-deb", "--extract", str(archive), str(partial)])
            partial.rename(PROGRAMS / kind)  # whole or not at all: a killed install is simply repeated
        shutil.rmtree(PROGRAMS / f"apt-{package.suite}", ignore_errors=True)
    ready = _unpacked(kind)
    if not ready:
        raise ServerMissing(f"{package.name} from Debian {package.suite} holds no {package.program}")
    return ready


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Lets one process install at a time; the lock is gone when the process is."""
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    with (PROGRAMS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(package: Package) -> list[Path]:
    """The package's archive and those of everything that it depends on, libc included."""
    folder = PROGRAMS / f"apt-{package.suite}"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {package.suite} main\n")
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",  # empty: nothing counts as installed
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",  # the user `_apt` may not enter this folder
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        "Acquire::Retries": "3",
        "APT::Update::Error-Mode": "any",  # otherwise an update that failed passes for one that did not
    }
    lines = [f'{name} "{value}";\n' for name, value in settings.items()]
    # The machine's own proxy settings stay in force, what it does after an update does not.
    lines += ["#clear APT::Update::Post-Invoke;\n", "#clear APT::Update::Post-Invoke-Success;\n"]
    (folder / "apt.conf").write_text("".join(lines))
    apt = ["apt-get", "--config-file", str(folder / "apt.conf"), "--quiet"]
    _run([*apt, "update"])
    _run([*apt, "--yes", "--no-install-recommends", "--download-only", "install", package.name])
    return sorted((folder / "cache" / "archives").glob("*.deb"))


def _mirror() -> str:
    """The Debian mirror that this machine's own apt uses."""
    if not shutil.which("apt-get") or not KEYRING.exists():
        raise ServerMissing(
            f"this machine ({platform.system()}) has no Debian apt to install a server with; put mysqld and "
            "mariadbd on PATH, or name running servers in SOURCE_MYSQL_URL, SOURCE_MARIADB_URL and TIDB_URL"
        )
    targets = _run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Identifier: Packages"])
    for line in targets.splitlines():
        address, _, component = line.partition(" ")
        if component == "main" and address.rstrip("/").endswith("/debian"):
            return address
    raise ServerMissing("apt's sources name no mirror of Debian's main archive to install a server from")


def _run(command: list[str]) -> str:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, stdin=subprocess.DEVNULL
        )
    except (subprocess.CalledProcessError, OSError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise ServerMissing(f"`{' '.join(command[:1])}` could not get a server: {said.strip()[-2000:]}") from error
    return done.stdout
