"""Connections to real servers with real certificates: what is right connects, and each wrong thing has its name."""

import contextlib
import datetime
import itertools
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mysql_to_tidb.errors import InvalidJob, MigrationError
from mysql_to_tidb.model.settings import ServerSettings, TlsSettings
from mysql_to_tidb.source.binlog.dump import Dump
from mysql_to_tidb.source.connection import open_source, read_identity, source_errors
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.target.connection import open_target
from tests.lab import bank
from tests.lab.certificates import Authority, Certificate
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, job_fields
from tests.lab.proxy import Proxy
from tests.lab.servers import LabServer

OURS, OTHERS = Authority("ours"), Authority("others")
CLIENT = OURS.client()
CA_ONLY = TlsSettings(OURS.ca)
ALL_THREE = TlsSettings(OURS.ca, CLIENT.cert, CLIENT.key)
ACCOUNTS = (
    "CREATE USER any1@'%' IDENTIFIED BY 'Secret-1'",
    "CREATE USER encrypted@'%' IDENTIFIED BY 'Secret-1' REQUIRE SSL",
    "CREATE USER certified@'%' IDENTIFIED BY 'Secret-1' REQUIRE X509",
    *(f"GRANT ALL PRIVILEGES ON *.* TO {name}@'%'" for name in ("any1", "encrypted", "certified")),
)

Open = Callable[[ServerSettings], Any]


class TlsServer:
    """A server with certificates that can be changed while it runs, and accounts that insist on them."""

    def __init__(self, server: LabServer, folder: Path) -> None:
        self.server, self.folder = server, folder

    @staticmethod
    def options(folder: Path) -> list[str]:
        OURS.server().write(folder, "server")
        (folder / "ca.pem").write_text(OURS.ca)
        files = {"ca": "ca.pem", "cert": "server.pem", "key": "server.key"}
        return [f"--ssl-{name}={folder / file}" for name, file in files.items()]

    def show(self, certificate: Certificate) -> None:
        certificate.write(self.folder, "server")
        mariadb = self.server.settings.kind == "mariadb"
        self.server.execute("FLUSH SSL" if mariadb else "ALTER INSTANCE RELOAD TLS")

    def settings(self, tls: TlsSettings | None, user: str = "any1", **fields: Any) -> ServerSettings:
        return replace(self.server.settings, user=user, password="Secret-1", tls=tls, **fields)


@pytest.fixture(params=list(Kind))
def tls_server(request: pytest.FixtureRequest, start_server: Callable[..., LabServer], tmp_path: Path) -> TlsServer:
    server = start_server(request.param, *TlsServer.options(tmp_path))
    server.execute(*ACCOUNTS)
    return TlsServer(server, tmp_path)


def open_dump(settings: ServerSettings) -> Dump:
    """The connection on which the binary log comes; position and identity from one that may do all."""
    with contextlib.closing(open_source(replace(settings, user="root", password="", tls=None))) as root:
        identity = read_identity(root)
        position = current_position(root, identity)
    return Dump(settings, identity, position, server_id=next(_server_ids), heartbeat_seconds=1)


_server_ids = itertools.count(926_000)
OPENERS = (open_source, open_dump, open_target)


def refusal(open_connection: Open, settings: ServerSettings) -> MigrationError:
    with pytest.raises(MigrationError) as raised:
        open_connection(settings).close()
    assert "Secret-1" not in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)
    return raised.value


def test_the_three_forms_of_tls_connect_and_are_encrypted(tls_server: TlsServer, tmp_path: Path) -> None:
    files = TlsSettings(*(str(tmp_path / name) for name in ("ca.pem", "client.pem", "client.key")))
    CLIENT.write(tmp_path, "client")
    accepted = [
        ("any1", None),
        ("encrypted", CA_ONLY),
        ("certified", ALL_THREE),
        ("certified", files),
    ]
    for (user, tls), host in itertools.product(accepted, ("127.0.0.1", "localhost")):
        settings = tls_server.settings(tls, user, host=host)
        for open_connection in (open_source, open_target):
            with contextlib.closing(open_connection(settings)) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
                assert cursor.fetchall()[0][1] or tls is None
        with contextlib.closing(open_dump(settings)) as dump:
            assert isinstance(dump._socket, ssl.SSLSocket)


def test_a_certificate_and_key_alone_are_verified_by_what_the_system_trusts(
    tls_server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tls_server.settings(TlsSettings(None, CLIENT.cert, CLIENT.key), "certified")
    assert "do not vouch" in refusal(open_source, settings).message
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    open_source(settings).close()


def test_each_wrong_thing_about_certificates_has_its_name(tls_server: TlsServer) -> None:
    foreign, locked = OTHERS.client(), OURS.client(passphrase="sesame")
    wrong = {
        "do not vouch for the server's certificate": TlsSettings(OTHERS.ca),
        "does not know the authority that signed tls.cert": TlsSettings(OURS.ca, foreign.cert, foreign.key),
        "tls.key does not belong to tls.cert": TlsSettings(OURS.ca, CLIENT.cert, foreign.key),
        "tls.key is encrypted": TlsSettings(OURS.ca, locked.cert, locked.key),
        "tls.ca: cannot read /nowhere.pem: No such file": TlsSettings("/nowhere.pem"),
        "tls.ca: no start line": TlsSettings(CLIENT.key),
    }
    for open_connection, (words, tls) in itertools.product(OPENERS, wrong.items()):
        error = refusal(open_connection, tls_server.settings(tls, "certified" if tls.cert else "any1"))
        assert words in error.message
        assert error.hint
        assert not error.retryable
        assert isinstance(error, InvalidJob) == words.startswith("tls.")


def test_a_certificate_for_another_host_or_of_yesterday_is_told_apart(tls_server: TlsServer) -> None:
    tls_server.show(OURS.server("db.example", "10.9.8.7"))
    for open_connection in OPENERS:
        by_address = refusal(open_connection, tls_server.settings(CA_ONLY))
        assert "was made for another address" in by_address.message
        by_name = refusal(open_connection, tls_server.settings(CA_ONLY, host="localhost"))
        assert "was made for another host name" in by_name.message
    tls_server.show(OURS.server(ends=datetime.timedelta(seconds=1.5)))
    time.sleep(2)
    for open_connection in OPENERS:
        expired = refusal(open_connection, tls_server.settings(CA_ONLY))
        assert "has expired" in expired.message
        assert expired.hint == "renew it at the server"


def test_an_account_that_wants_a_certificate_says_which_setting_it_needs(tls_server: TlsServer) -> None:
    for open_connection in OPENERS:
        missing = refusal(open_connection, tls_server.settings(CA_ONLY, "certified"))
        assert "1045" in missing.message
        assert "REQUIRE X509 needs tls.cert and tls.key" in missing.hint
        without = refusal(open_connection, tls_server.settings(None, "certified"))
        assert "needs `tls` in the job" in without.hint


class Stripping(Proxy):
    """Between client and server, and takes the offer of TLS out of the server's greeting."""

    def _pump(self, giver: socket.socket, taker: socket.socket) -> None:
        if giver.getpeername()[1] == self._behind[1]:
            greeting = bytearray(giver.recv(4096))
            flags = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1  # MySQL manual, Protocol::HandshakeV10
            greeting[flags + 1] &= ~0x08  # CLIENT_SSL
            taker.sendall(greeting)
        super()._pump(giver, taker)


def test_nothing_goes_out_in_plain_text_where_tls_was_asked_for(tls_server: TlsServer) -> None:
    with Stripping(tls_server.server) as between:
        port = between.settings.port
        for open_connection in (open_source, open_target):
            error = refusal(open_connection, tls_server.settings(CA_ONLY, port=port))
            assert "2026" in error.message
            assert not error.retryable
            assert "takes it away in between" in error.hint
            denied = refusal(open_connection, tls_server.settings(None, "encrypted", port=port))
            assert "an account with REQUIRE SSL or X509 needs `tls`" in denied.hint
        open_source(tls_server.settings(None, port=port)).close()


@pytest.mark.parametrize(
    ("kind", "options"),
    [(Kind.MARIADB, ()), (Kind.MYSQL, ("--tls-version=", "--auto-generate-certs=OFF"))],
)
def test_a_server_without_tls_is_refused_when_tls_was_asked_for(
    kind: Kind, options: tuple[str, ...], start_server: Callable[..., LabServer]
) -> None:
    server = start_server(kind, *options)
    server.execute("CREATE USER any1@'%' IDENTIFIED BY 'Secret-1'", "GRANT ALL PRIVILEGES ON *.* TO any1@'%'")
    settings = replace(server.settings, user="any1", password="Secret-1")
    for open_connection in OPENERS:
        assert "2026" in refusal(open_connection, replace(settings, tls=CA_ONLY)).message
        # MySQL's own kind of password needs the server's RSA key here, which is asked for.
        open_connection(settings).close()


@pytest.mark.parametrize("kind", list(Kind))
def test_who_is_not_let_in_is_told_why(kind: Kind, start_server: Callable[..., LabServer]) -> None:
    server = start_server(kind, "--skip-name-resolve", "--disconnect-on-expired-password=ON")
    server.execute(
        "CREATE USER away@'10.9.8.7' IDENTIFIED BY 'Secret-1'",
        "CREATE USER locked@'%' IDENTIFIED BY 'Secret-1' ACCOUNT LOCK",
        "CREATE USER expired@'%' IDENTIFIED BY 'Secret-1' PASSWORD EXPIRE",
        "CREATE USER few@'%' IDENTIFIED BY 'Secret-1' WITH MAX_USER_CONNECTIONS 1",
    )
    told = {
        "away": "check user and password, and that the account may come from 127.0.0.1",
        "locked": "ALTER USER ... ACCOUNT UNLOCK",
        "expired": "the account's password has expired",
    }
    for user, words in told.items():
        for open_connection in (open_source, open_target):
            error = refusal(open_connection, replace(server.settings, user=user, password="Secret-1"))
            assert words in error.hint, (user, error)
            assert not error.retryable
    few = replace(server.settings, user="few", password="Secret-1")
    with contextlib.closing(open_source(few)):
        error = refusal(open_source, few)
        assert "raise MAX_USER_CONNECTIONS" in error.hint
        assert error.retryable


@pytest.mark.parametrize("kind", list(Kind))
def test_a_full_server_says_so_and_is_tried_again(kind: Kind, start_server: Callable[..., LabServer]) -> None:
    server = start_server(kind, "--max-connections=10")
    server.execute("CREATE USER any1@'%' IDENTIFIED BY 'Secret-1'", "GRANT SELECT ON *.* TO any1@'%'")
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(contextlib.closing(server.connect(user="any1", password="Secret-1")))
        for open_connection in (open_source, open_target):
            error = refusal(open_connection, replace(server.settings, user="any1", password="Secret-1"))
            assert "raise its max_connections" in error.hint
            assert error.retryable


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody who takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
        yield listener.getsockname()[1]


def test_what_cannot_be_reached_says_where_it_failed(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mysql_to_tidb.connection.LOGIN_TIMEOUT_SECONDS", 1)
    here = ServerSettings("127.0.0.1", 1, "root")
    for open_connection in (open_source, open_target):
        assert "nothing takes connections at 127.0.0.1:1" in refusal(open_connection, here).hint
        nowhere = refusal(open_connection, replace(here, host="no-such-host.invalid"))
        assert "the name no-such-host.invalid cannot be resolved" in nowhere.hint
        private = replace(here, host="no-such-host.invalid", connectivity="private-link")
        assert "accept the endpoint request" in refusal(open_connection, private).hint
        silent = refusal(open_connection, replace(here, port=silent_port))
        assert "does not answer" in silent.hint
        assert silent.retryable


def test_a_whole_job_runs_over_tls_with_client_certificates(
    tls_server: TlsServer,
    start_server: Callable[..., LabServer],
    database_name: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "target").mkdir()
    target = TlsServer(start_server(Kind.MYSQL, *TlsServer.options(tmp_path / "target")), tmp_path / "target")
    target.server.execute(*ACCOUNTS)
    CLIENT.write(tmp_path, "client")
    by_path = {"ca": str(tmp_path / "ca.pem"), "cert": str(tmp_path / "client.pem"), "key": "${CLIENT_KEY}"}
    fields = job_fields(database_name, tls_server.server, target.server, objects={"databases": [database_name]})
    for side, server in (("source", tls_server), ("target", target)):
        url = server.server.url.replace("root@", "certified:${PASSWORD}@")
        fields[side] = fields[side] | {"url": url, "tls": by_path}
    bank.build(tls_server.server, database_name)
    secrets = {"PASSWORD": "Secret-1", "CLIENT_KEY": CLIENT.key}
    job = JobRun(tmp_path, secrets, **fields)
    ran = job.command("check")
    assert ran.code == 0, ran.out + ran.err
    with bank.Writer(tls_server.server, database_name, seed=1):
        loaded = job.drive("loaded")
        assert loaded.code == 0, loaded.err
    followed = job.drive()
    assert followed.code == 0, followed.err
    assert differences(tls_server.server, target.server, database_name) == []
    kept = str(target.server.execute("SELECT * FROM mysql_to_tidb.jobs"))
    assert "Secret-1" not in kept
    assert "PRIVATE KEY" not in kept


def test_a_lost_connection_within_tls_is_tried_again(tls_server: TlsServer) -> None:
    with Proxy(tls_server.server) as between:
        connection = open_source(tls_server.settings(CA_ONLY, port=between.settings.port))
        between.cut()
        with pytest.raises(MigrationError) as raised, source_errors(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert raised.value.retryable


class Cutting(Proxy):
    """Breaks off once the client has begun to speak TLS."""

    def _pump(self, giver: socket.socket, taker: socket.socket) -> None:
        if giver.getpeername()[1] == self._behind[1]:
            super()._pump(giver, taker)
            return
        with contextlib.suppress(OSError):
            giver.recv(36)  # the wish for TLS
            giver.recv(1)
        self.cut()


def test_a_server_that_is_not_there_any_more_in_the_handshake_is_tried_again(tls_server: TlsServer) -> None:
    with Cutting(tls_server.server) as between:
        for open_connection in (open_source, open_target):
            error = refusal(open_connection, tls_server.settings(CA_ONLY, port=between.settings.port))
            assert error.retryable, error
