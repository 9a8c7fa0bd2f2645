"""Certificates of an authority made for one test run: right ones, and wrong in one way each."""

import datetime
import ipaddress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
HERE = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key as PEM."""

    cert: str
    key: str

    def write(self, folder: Path, name: str) -> Self:
        """Into `name`.pem and `name`.key, which servers read again when they are told to."""
        (folder / f"{name}.pem").write_text(self.cert)
        (folder / f"{name}.key").write_text(self.key)
        return self


class Authority:
    """Signs certificates, and is trusted by those who have `ca`."""

    def __init__(self, name: str) -> None:
        self._name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def ca(self) -> str:
        builder = _builder(self._name, self._name, self._key, -DAY, 10 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def server(
        self, *hosts: str, begins: datetime.timedelta = -DAY, ends: datetime.timedelta = 10 * DAY
    ) -> Certificate:
        """For a server with these names and addresses, this machine's if none is given."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_alternative(host) for host in hosts or HERE])
        builder = _builder(_named("server"), self._name, key, begins, ends).add_extension(names, critical=False)
        return Certificate(_pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key))

    def client(self, passphrase: str = "") -> Certificate:
        """For a user that authenticates itself by it."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_named("client"), self._name, key, -DAY, 10 * DAY)
        return Certificate(_pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key, passphrase))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begins: datetime.timedelta,
    ends: datetime.timedelta,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey, passphrase: str = "") -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return private.decode()
