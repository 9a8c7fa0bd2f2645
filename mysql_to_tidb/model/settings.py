"""How to reach a server: plain values without any I/O, the password never in a representation."""

from dataclasses import dataclass, field

PEM_BEGIN = "-----BEGIN "
"""With which the content of a PEM file begins; a TLS setting without it is the path of a file."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """PEM files, each by its path or as its content; the server's certificate and host name are always verified.

    `ca` alone authenticates the server, `cert` and `key` the client as well. Without `ca`, the
    certificates that the operating system trusts are used.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything that is needed to open a connection to a source or a target."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    tls: TlsSettings | None = None
    """None: encrypted when the server offers it, but the server is not authenticated."""
    kind: str = "mysql"
    """Kind of service, for hints that fit: mysql, mariadb, aurora, rds, cloudsql, azure, alibaba, tidb."""
    connectivity: str = "public"
    """How it is reached: public, vpc-peering, private-link."""

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.user}@{self.address}"
