"""Why a server could not be reached or let nobody in, and what its user can do about it."""

import re
import socket
from contextlib import suppress

from mysql_to_tidb.connection import error_number, error_text
from mysql_to_tidb.model.settings import ServerSettings

# Error numbers: MySQL manual, Server Error Message Reference and Client Error Message Reference.
REFUSED_LOGIN = frozenset(
    {1044, 1045, 1130, 1227, 1251, 1275, 1524, 1698, 1820, 1862, 2026, 2049, 2054, 2058, 2059, 2061, 3118, 3159, 4151}
)
"""The server answers, and does not let this user in."""

_ACCESS_DENIED = {1045, 1698}
_PLUGIN = "the account uses a login plugin that is not supported: use caching_sha2_password or mysql_native_password"
_HINTS = {
    1040: "the server has no connection left: raise its max_connections, end idle ones, or choose a smaller spec",
    1044: "grant this user rights on the database",
    1129: "the server has blocked this address after many errors: run FLUSH HOSTS there (MySQL 8.0.23 and newer: "
    "TRUNCATE TABLE performance_schema.host_cache)",
    1203: "this user has reached max_user_connections: raise it, or choose a smaller spec",
    1226: "this user has used up a limit of its account: raise MAX_USER_CONNECTIONS or MAX_CONNECTIONS_PER_HOUR",
    1227: "grant this user the right that the server names; `check` shows all that are missing",
    1251: "the account uses a password of before MySQL 4.1: set it again with ALTER USER",
    1275: "the account uses a password of before MySQL 4.1: set it again with ALTER USER",
    1524: "the account names a plugin that the server has not loaded: load it, or change the account with ALTER USER",
    1820: "the account's password has expired: set it again with ALTER USER",
    1862: "the account's password has expired: set it again with ALTER USER",
    2026: "switch TLS on at the server, or find out what takes it away in between; without `tls` in the job the "
    "connection would be readable on its way",
    2049: "the account uses a password of before MySQL 4.1: set it again with ALTER USER",
    2054: _PLUGIN,
    2058: _PLUGIN,
    2059: _PLUGIN,
    2061: "a password of caching_sha2_password needs TLS here, as the server has no RSA key: switch TLS on",
    3118: "the account is locked: run ALTER USER ... ACCOUNT UNLOCK",
    3159: "the server takes encrypted connections only: switch its TLS on, and give `tls` in the job",
    4151: "the account is locked after too many wrong passwords, or by hand: run ALTER USER ... ACCOUNT UNLOCK",
}
_SEEN_FROM = re.compile(r"(?:@|Host )'([^']+)'")
"""The address that the server sees, in what it says."""


def hint_for(error: BaseException, settings: ServerSettings | None) -> str:
    """What to do about an error met while connecting; empty where nothing better is known than for all of them."""
    number, text = error_number(error), error_text(error)
    if number in _ACCESS_DENIED:
        return _access_denied(text, settings)
    if number == 1130:
        host = _seen_from(text)
        return f"the server knows no user that may come from {host}: run CREATE USER ...@'{host}', with its grants"
    if number in _HINTS:
        return _HINTS[number]
    return _unreached(error, settings) if settings else ""


def _access_denied(text: str, settings: ServerSettings | None) -> str:
    """The server does not tell a wrong password from a missing certificate; what we sent tells something."""
    tls = settings.tls if settings else None
    hint = f"check user and password, and that the account may come from {_seen_from(text)}"
    if tls is None:
        return f"{hint}; an account with REQUIRE SSL or X509 needs `tls` in the job"
    if not tls.cert:
        return f"{hint}; an account with REQUIRE X509 needs tls.cert and tls.key"
    return f"{hint}; an account with REQUIRE SUBJECT or ISSUER needs the certificate that it names"


def _seen_from(text: str) -> str:
    found = _SEEN_FROM.search(text)
    return found[1] if found else "this machine"


def _unreached(error: BaseException, settings: ServerSettings) -> str:
    """Where on the way to the server it failed, and what opens the way."""
    # The driver keeps what happened on the network in one place while connecting, in another while logging in.
    cause = getattr(error, "original_exception", None) or error.__context__
    if isinstance(cause, socket.gaierror) and settings.connectivity != "private-link":
        return f"the name {settings.host} cannot be resolved here: correct it, or the DNS that this machine asks"
    way = f"the connection to {settings.address} did not come about, or broke off"
    if isinstance(cause, socket.gaierror):
        way = f"the name {settings.host} cannot be resolved here"
    elif isinstance(cause, ConnectionRefusedError):
        way = f"nothing takes connections at {settings.address}"
    elif isinstance(cause, TimeoutError):
        way = f"{settings.address} does not answer"
    return f"{way}: {reachability_hint(settings)}"


def reachability_hint(settings: ServerSettings) -> str:
    """What the user can do so that this machine reaches the server."""
    if settings.connectivity == "private-link":
        return "accept the endpoint request of the private link at the service's side, then try again"
    own = _own_address(settings)
    if settings.connectivity == "vpc-peering":
        return f"check the peering's routes, and allow this machine's address {own} in the server's security group"
    if settings.host in {"localhost", "127.0.0.1", "::1"}:
        return "check that the server is up, and its port"
    return (
        "check that the server is up, and allow this machine in its firewall or allow list, by the address that "
        f"it has on the Internet (here it is {own})"
    )


def _own_address(settings: ServerSettings) -> str:
    """The address that this machine would use towards the server; nothing is sent to find out."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((settings.host, settings.port))
        return str(probe.getsockname()[0])
    return "(unknown)"
