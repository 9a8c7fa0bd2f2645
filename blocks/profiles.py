"""The source profile and the target profile, and how a job finds the one that it names."""

from typing import Any, TypeVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr, field_validator

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.job import Connectivity, Job, SourceKind
from mysql_to_tidb.model.settings import ServerSettings, TlsSettings


class _Profile(Block):
    """What both profiles have in common."""

    host: str = Field(description="Host name or address; for a private link, its service name")
    user: str = Field(description="User that the migration connects as")
    password: SecretStr = Field(default=SecretStr(""), description="Password of this user")
    tls: bool = Field(default=False, description="Encrypt, and verify the server's certificate and host name")
    tls_ca: str | None = Field(
        default=None, description="Authorities that vouch for the server: a PEM file's path or content"
    )
    tls_cert: str | None = Field(default=None, description="Client's certificate: a PEM file's path or content")
    tls_key: SecretStr | None = Field(default=None, description="Client's private key: a PEM file's path or content")

    @field_validator("host", "user")
    @classmethod
    def _is_given(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must not be empty")
        return text.strip()

    def _settings(self, port: int, kind: str, connectivity: str) -> ServerSettings:
        files = (self.tls_ca, self.tls_cert, self.tls_key.get_secret_value() if self.tls_key else None)
        return ServerSettings(
            host=self.host,
            port=port,
            user=self.user,
            password=self.password.get_secret_value(),
            tls=TlsSettings(*files) if self.tls or any(files) else None,
            kind=kind,
            connectivity=connectivity,
        )


class SourceProfile(_Profile):
    """Where data comes from: a MySQL or MariaDB server, or a cloud service that speaks like one."""

    _block_type_name = "MySQL to TiDB source"
    _block_type_slug = "mysql-to-tidb-source"
    _description = "Connection profile of a MySQL-compatible database to migrate from."

    port: int = Field(default=3306, ge=1, le=65535, description="TCP port")
    kind: SourceKind = Field(default=SourceKind.MYSQL, description="Kind of service")
    connectivity: Connectivity = Field(default=Connectivity.PUBLIC, description="How the source is reached")
    region: str | None = Field(default=None, description="Region of a cloud service")

    def settings(self) -> ServerSettings:
        """This profile as the library takes it."""
        return self._settings(self.port, self.kind, self.connectivity)


class TargetProfile(_Profile):
    """Where data goes to: a TiDB cluster."""

    _block_type_name = "MySQL to TiDB target"
    _block_type_slug = "mysql-to-tidb-target"
    _description = "Connection profile of a TiDB cluster to migrate to."

    port: int = Field(default=4000, ge=1, le=65535, description="TCP port")

    def settings(self) -> ServerSettings:
        """This profile as the library takes it."""
        return self._settings(self.port, "tidb", "public")


AnyProfile = TypeVar("AnyProfile", bound=_Profile)


def source_settings(job: Job) -> ServerSettings:
    """How to reach the job's source. Raises InvalidJob when its block cannot be loaded."""
    if job.source.block:
        return _load(SourceProfile, job.source.block).settings()
    return job.source_settings()


def target_settings(job: Job) -> ServerSettings:
    """How to reach the job's target. Raises InvalidJob when its block cannot be loaded."""
    if job.target.block:
        return _load(TargetProfile, job.target.block).settings()
    return job.target_settings()


def _load(kind: type[AnyProfile], name: str) -> AnyProfile:
    try:
        loaded: Any = kind.load(name)
    except ValueError as error:
        block = f"{kind.get_block_type_slug()}/{name}"
        raise InvalidJob(f"there is no block {block}", hint="save one, or see `prefect block ls`") from error
    profile: AnyProfile = loaded
    return profile
