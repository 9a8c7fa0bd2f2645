"""Opens connections with PyMySQL, TLS included; who calls it says what an error means."""

import ssl
from collections.abc import Mapping
from typing import Any, TypeVar

import pymysql
from pymysql.connections import Connection
from pymysql.converters import conversions

from mysql_to_tidb.model.settings import ServerSettings, TlsSettings

CONNECT_TIMEOUT_SECONDS = 10

TEXT_CONVERSIONS = {kind: function for kind, function in conversions.items() if not isinstance(kind, int)}
"""Escapes arguments, but leaves every result as the text that the server sent, zero dates included."""


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """A context that verifies the server's certificate and host name, TLS 1.2 at least.

    Raises OSError (ssl.SSLError among them) when a file cannot be read or a key does not fit.
    """
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    return context


AnyConnection = TypeVar("AnyConnection", bound=Connection)


def connect(
    settings: ServerSettings,
    connection_class: type[AnyConnection],
    *,
    session: Mapping[str, object] | None = None,
    read_timeout_seconds: int | None = None,
    **options: Any,
) -> AnyConnection:
    """A new connection in autocommit mode with the given session variables set.

    Raises pymysql.MySQLError, OSError or ssl.SSLError as the driver does; `source.connection` and
    `target.connection` turn them into errors that say what to do.
    """
    if settings.tls:
        options["ssl"] = tls_context(settings.tls)
    variables = ", ".join(f"SESSION {name} = {value}" for name, value in (session or {}).items())
    connection: AnyConnection = connection_class(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds,
        write_timeout=read_timeout_seconds,
        init_command=f"SET {variables}" if variables else None,
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


_CLIENT_ERRORS = range(2000, 3000)
"""MySQL manual, Client Error Message Reference: the server was not there to answer."""
