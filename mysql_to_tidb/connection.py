"""Opens connections with PyMySQL, TLS included; who calls it says what an error means."""

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import pymysql
from pymysql.connections import Connection
from pymysql.converters import conversions

from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.tls import tls_context

CONNECT_TIMEOUT_SECONDS = 10
LOGIN_TIMEOUT_SECONDS = 30
"""For each answer until the user is in; some proxies take a connection and then never say a word."""

TEXT_CONVERSIONS = {kind: function for kind, function in conversions.items() if not isinstance(kind, int)}
"""Escapes arguments, but leaves every result as the text that the server sent, zero dates included."""


class ServerConnection(Connection):
    """PyMySQL's connection, except that those without TLS settings share one context.

    Such a connection is encrypted where the server offers it and verifies nothing; PyMySQL would load the
    system's certificates all the same, which takes longer than the login.
    """

    def _create_ssl_ctx(self, settings: Any) -> ssl.SSLContext:
        return settings if isinstance(settings, ssl.SSLContext) else _unverified_context()


@cache
def _unverified_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


AnyConnection = TypeVar("AnyConnection", bound=ServerConnection)


def connect(
    settings: ServerSettings,
    connection_class: type[AnyConnection],
    *,
    session: Mapping[str, object] | None = None,
    read_timeout_seconds: int | None = None,
    **options: Any,
) -> AnyConnection:
    """A new connection in autocommit mode with the given session variables set.

    With TLS settings, a server without TLS is refused before anything secret is sent. Raises pymysql.MySQLError
    and OSError as the driver does, which `source.connection` and `target.connection` turn into errors that say
    what to do, and InvalidJob for TLS files that cannot be used.
    """
    variables = ", ".join(f"SESSION {name} = {value}" for name, value in (session or {}).items())
    options |= {"init_command": f"SET {variables}"} if variables else {}
    connection = _logged_in(settings, connection_class, options)
    # PyMySQL knows one timeout for logging in and for all that follows.
    connection._read_timeout = connection._write_timeout = read_timeout_seconds
    return connection


def _logged_in(
    settings: ServerSettings, connection_class: type[AnyConnection], options: dict[str, Any]
) -> AnyConnection:
    """In TLS 1.3 a server judges our certificate after the handshake, and may hang up before we have read why.

    In TLS 1.2 the handshake itself says it, so that is tried next.
    """
    if not settings.tls:
        return _opened(settings, connection_class, options)
    context = tls_context(settings.tls)
    try:
        return _opened(settings, connection_class, options | {"ssl": context})
    except pymysql.OperationalError as error:
        if not settings.tls.cert or error_number(error) not in _HUNG_UP:
            raise
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return _opened(settings, connection_class, options | {"ssl": context})


def _opened(settings: ServerSettings, connection_class: type[AnyConnection], options: dict[str, Any]) -> AnyConnection:
    connection: AnyConnection = connection_class(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=LOGIN_TIMEOUT_SECONDS,
        write_timeout=LOGIN_TIMEOUT_SECONDS,
        **options,
    )
    return connection


def error_number(error: BaseException) -> int:
    """The server's or the client library's number of a driver error; 0 where it has none."""
    if isinstance(error, pymysql.MySQLError) and error.args and isinstance(error.args[0], int):
        return error.args[0]
    return 0


def error_text(error: BaseException) -> str:
    """What a driver error says, without its number."""
    if isinstance(error, pymysql.MySQLError) and len(error.args) > 1:
        return str(error.args[1])
    return str(error)


def was_refused(error: BaseException) -> bool:
    """Whether the server answered and said no; the connection is as good as before."""
    number = error_number(error)
    return number > 0 and number not in _CLIENT_ERRORS


_HUNG_UP = {2006, 2013}
_CLIENT_ERRORS = range(2000, 3000)
"""MySQL manual, Client Error Message Reference: the server was not there to answer."""
