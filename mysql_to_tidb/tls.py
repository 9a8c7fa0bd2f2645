"""TLS towards a server: what is verified, the user's certificates, and what a failed handshake means."""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.settings import PEM_BEGIN, TlsSettings


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """A context that verifies the server's certificate and host name, TLS 1.2 at least.

    Raises InvalidJob, naming the setting, for a file that cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Certificates that servers make for themselves, and some of cloud services, lack extensions that newer
    # versions of Python would insist on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if tls.ca:
        _trust(context, tls.ca)
    else:
        context.load_default_certs()
    if tls.cert:
        _authenticate(context, tls.cert, tls.key)
    return context


def _trust(context: ssl.SSLContext, ca: str) -> None:
    with _problems_of("tls.ca", "the PEM file of the authorities that vouch for the server"):
        context.load_verify_locations(cadata=_content("tls.ca", ca))


def _authenticate(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    """OpenSSL reads a key from files only; contents pass through a folder that only this user can read."""
    with tempfile.TemporaryDirectory(prefix="mysql-to-tidb-") as folder:
        cert_file = _written(folder, "tls.cert", cert)
        key_file = _written(folder, "tls.key", key or cert)
        with _problems_of("tls.cert and tls.key", "the client's certificate and its key"):
            context.load_cert_chain(cert_file, key_file, password=_refuse_passphrase)


def _written(folder: str, name: str, value: str) -> Path:
    file = Path(folder, name)
    file.touch(mode=0o600)
    file.write_text(_content(name, value), encoding="utf-8")
    return file


def _content(name: str, value: str) -> str:
    """The PEM text of a setting. Raises InvalidJob when its file cannot be read."""
    if PEM_BEGIN in value:
        return value
    try:
        text = Path(value).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InvalidJob(f"{name}: cannot read {value}: {reason}", hint="correct the path, or the file") from None
    if PEM_BEGIN not in text:
        raise InvalidJob(f"{name}: {value} is not a PEM file", hint="convert it with `openssl x509 -outform pem`")
    return text


def _refuse_passphrase() -> str:
    """OpenSSL would otherwise ask for it on the terminal, where nobody may be."""
    raise InvalidJob("tls.key is encrypted", hint="decrypt it with `openssl pkey`, and keep it as a secret")


@contextmanager
def _problems_of(name: str, meaning: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            hint = "give the key with which the certificate was requested"
            raise InvalidJob("tls.key does not belong to tls.cert", hint=hint) from None
        raise InvalidJob(f"{name}: {_words(error)}", hint=f"it must be {meaning}, as PEM") from None


@dataclass(frozen=True, slots=True)
class HandshakeProblem:
    """Why two sides could not agree on TLS, and what helps."""

    reason: str
    hint: str


_UNVERIFIED = {
    9: ("the server's certificate is not valid yet", "correct the clock of this machine or of the server"),
    10: ("the server's certificate has expired", "renew it at the server"),
    18: (
        "the server's certificate is self-signed",
        "name that very certificate in tls.ca, or have an authority sign one for the server",
    ),
    62: (
        "the server's certificate was made for another host name",
        "connect by a name that the certificate carries, or have one made for this name",
    ),
    64: (
        "the server's certificate was made for another address",
        "connect by a name that the certificate carries, or have one made for this address",
    ),
}
"""By the codes of OpenSSL (openssl-verification-options, Diagnostics)."""

_UNKNOWN_AUTHORITY = (
    "the authorities in tls.ca do not vouch for the server's certificate",
    "name the authority that signed it in tls.ca; cloud services publish theirs as a file",
)

_ALERTS = {
    "UNKNOWN_CA": (
        "the server does not know the authority that signed tls.cert",
        "use a certificate of the authority in the server's ssl_ca, or add that authority there",
    ),
    "CERTIFICATE_EXPIRED": ("the server says that tls.cert has expired", "renew the client's certificate"),
    "CERTIFICATE_REVOKED": ("the server says that tls.cert is revoked", "use another certificate"),
    "BAD_CERTIFICATE": ("the server does not accept tls.cert", "use a certificate made for clients"),
    "UNSUPPORTED_CERTIFICATE": ("the server does not accept tls.cert", "use a certificate made for clients"),
    "CERTIFICATE_REQUIRED": ("the server wants a client certificate", "give tls.cert and tls.key"),
    "PROTOCOL_VERSION": ("the server only speaks TLS older than 1.2", "upgrade the server, or its TLS library"),
    "UNSUPPORTED_PROTOCOL": ("the server only speaks TLS older than 1.2", "upgrade the server, or its TLS library"),
    "HANDSHAKE_FAILURE": ("both sides have no cipher in common", "allow a cipher of TLS 1.2 or 1.3 at the server"),
    "WRONG_VERSION_NUMBER": ("what answers does not speak TLS", "check host and port, and proxies in between"),
}
"""By a part of OpenSSL's reason: alerts come from the server, about us."""


def handshake_problem(error: BaseException) -> HandshakeProblem | None:
    """What a failed TLS handshake means; None for all else, lost connections among it."""
    found = _ssl_error(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        reason, hint = _UNVERIFIED.get(found.verify_code, _UNKNOWN_AUTHORITY)
        return HandshakeProblem(f"{reason} ({found.verify_message})", hint)
    for part, (reason, hint) in _ALERTS.items():
        if found and part in (found.reason or ""):
            return HandshakeProblem(f"{reason} ({_words(found)})", hint)
    return None


def _ssl_error(error: BaseException | None) -> ssl.SSLError | None:
    """The error of the TLS library behind an error of the driver, which may keep it in one of three places."""
    for _ in range(8):
        if error is None or isinstance(error, ssl.SSLError):
            break
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__
    return error if isinstance(error, ssl.SSLError) else None


def _words(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).partition(" (")[0].replace("_", " ").lower()
