"""A job as its user describes it: the job file, and the parameters of every flow.

A password is best written as `${NAME}`: it is looked up in the environment at the moment of connecting,
so that neither a flow's parameters nor the target's own records ever hold it.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.settings import PEM_BEGIN, ServerSettings, TlsSettings
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.spec import SIZES, Spec, SpecSize
from mysql_to_tidb.storage import StorageRule

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,58}$"
DEFAULT_PORTS = {"mysql": 3306, "mariadb": 3306, "tidb": 4000}

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_held_secrets: dict[str, str] = {}
"""Secrets taken out of a job file, by the placeholder that stands for them; never leaves the process."""


class SourceKind(StrEnum):
    """What kind of service the source is; solutions and links are fit to it."""

    MYSQL = "mysql"
    MARIADB = "mariadb"
    AURORA = "aurora"
    RDS = "rds"
    CLOUDSQL = "cloudsql"
    AZURE = "azure"
    ALIBABA = "alibaba"


class Connectivity(StrEnum):
    """How the source is reached."""

    PUBLIC = "public"
    VPC_PEERING = "vpc-peering"
    PRIVATE_LINK = "private-link"


class _Strict(BaseModel):
    # A refused value may be a password: pydantic must not repeat it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_enum_values=False)


class Tls(_Strict):
    """The server's certificate and host name are always verified.

    Each is the path of a PEM file or its content; `${NAME}` is read from the environment.
    """

    ca: str | None = Field(None, description="Certificates of the authorities that vouch for the server")
    cert: str | None = Field(None, description="Certificate of the client")
    key: str | None = Field(None, description="Private key of the client", json_schema_extra={"format": "password"})

    @model_validator(mode="after")
    def _cert_goes_with_key(self) -> Self:
        if bool(self.cert) != bool(self.key):
            raise ValueError("cert and key go together")
        return self

    def settings(self) -> TlsSettings:
        """Raises InvalidJob when `${NAME}` is not in the environment."""
        ca, cert, key = (value and _with_values(value) for value in (self.ca, self.cert, self.key))
        return TlsSettings(ca=ca, cert=cert, key=key)

    def concealed(self, name: str) -> Self:
        """The same with the content of a key replaced by a placeholder that only this process can fill."""
        if not self.key or PEM_BEGIN not in self.key:
            return self
        return self.model_copy(update={"key": _hold(f"{name}_KEY", self.key)})


class Server(_Strict):
    """A source or target: either by URL or by the name of a block that holds its profile."""

    url: str | None = Field(
        None,
        description="mysql://user:${PASSWORD}@host:3306; ${NAME} is read from the environment",
        json_schema_extra={"format": "password"},
    )
    block: str | None = Field(None, description="Name of a saved connection profile")
    tls: Tls | None = Field(None, description="Verify the server; without it, encrypted only when the server offers it")

    @model_validator(mode="after")
    def _url_or_block(self) -> Self:
        if bool(self.url) == bool(self.block):
            raise ValueError("give either url or block")
        if self.url:
            _split_url(self.url)
        return self

    def settings(self, kind: str, connectivity: str = "public") -> ServerSettings:
        """What is needed to connect. Raises InvalidJob when `${NAME}` is not in the environment."""
        if not self.url:
            raise InvalidJob(f"the profile of block {self.block!r} has not been loaded")
        scheme, user, password, host, port = _split_url(self.url)
        return ServerSettings(
            host=_filled(host),
            port=port or DEFAULT_PORTS[scheme],
            user=_filled(user),
            password=_filled(password),
            tls=self.tls.settings() if self.tls else None,
            kind=kind,
            connectivity=connectivity,
        )

    def concealed(self, name: str) -> Self:
        """The same with every literal secret replaced by a placeholder that only this process can fill."""
        hidden: dict[str, Any] = {"tls": self.tls.concealed(name)} if self.tls else {}
        password = _split_url(self.url)[2] if self.url else ""
        if self.url and password and not _PLACEHOLDER.search(password):
            hidden["url"] = self.url.replace(f":{password}@", f":{_hold(name, unquote(password))}@", 1)
        return self.model_copy(update=hidden)

    def described(self) -> dict[str, Any]:
        """For people and for the target's records: without any password."""
        if self.block:
            return {"block": self.block}
        scheme, user, _, host, port = _split_url(self.url or "")
        return {"url": f"{scheme}://{user}@{host}:{port or DEFAULT_PORTS[scheme]}"}


class Source(Server):
    """Where the data comes from."""

    kind: SourceKind = Field(SourceKind.MYSQL, description="Kind of service")
    connectivity: Connectivity = Field(Connectivity.PUBLIC, description="How it is reached")
    region: str | None = Field(None, description="Region of a cloud service")


class Target(Server):
    """Where the data goes to: a TiDB cluster."""


class Databases(_Strict):
    """All tables of the chosen databases, also those created later, less the excluded ones."""

    databases: list[str] = Field(min_length=1, description="Database names; * and ? are wildcards")
    exclude: list[str] = Field(default_factory=list, description="Tables left out, as database.table")


class Tables(_Strict):
    """The chosen tables and no others, now or later."""

    tables: list[str] = Field(min_length=1, description="Table names, as database.table")


class StartAtFile(_Strict):
    """Start behind this place in the source's binary log."""

    file: str = Field(min_length=1, description="Name of a binary log file")
    position: int = Field(4, ge=4, description="Offset in it, in bytes")


class StartAtGtid(_Strict):
    """Start behind these transactions."""

    gtid: str = Field(description="The set of GTIDs that the target already has")


class SchemaChoices(_Strict):
    """What to do at schema changes that the job stopped at, by their place in the log as the error names it."""

    skip: list[str] = Field(default_factory=list, description="Done by hand at the target: FILE:OFFSET")
    replace: dict[str, str] = Field(default_factory=dict, description="FILE:OFFSET and the statement to run instead")


class Job(_Strict):
    """What to migrate, from where to where, and how."""

    name: str = Field(description="Letter first, then letters, digits, _ and -; under 60 characters")
    mode: Mode = Field(Mode.BOTH, description="Existing rows, ongoing changes, or both")
    source: Source
    target: Target
    objects: Literal["all"] | Databases | Tables = Field("all", description="What is migrated")
    start: Literal["now"] | StartAtFile | StartAtGtid = Field("now", description="Where an incremental job starts")
    ignore_warnings: Literal["all"] | list[str] = Field(
        default_factory=list, description="Precheck items whose warnings do not stop the job, or all"
    )
    spec: SpecSize | Spec = Field(SpecSize.MEDIUM, description="Performance specification")
    ddl: SchemaChoices = Field(default_factory=SchemaChoices, description="Choices for refused schema changes")
    storage: list[StorageRule] = Field(
        default_factory=list, description="Options of TiDB for tables that exist at the start of the job"
    )
    server_id: Annotated[int, Field(ge=1, le=4294967295)] | None = Field(
        None, description="Replica server id to register at the source; derived from the job's name if left out"
    )

    @field_validator("name")
    @classmethod
    def _name_is_right(cls, name: str) -> str:
        if not re.match(NAME_PATTERN, name):
            raise ValueError(
                "a job name starts with a letter, has only letters, digits, _ and -, and is shorter than 60 characters"
            )
        return name

    @model_validator(mode="after")
    def _objects_can_be_chosen(self) -> Self:
        try:
            str(self.choice)
        except InvalidJob as error:
            raise ValueError(f"objects: {error.message}; {error.hint}") from None
        return self

    @model_validator(mode="after")
    def _start_fits_mode(self) -> Self:
        if self.start != "now" and self.mode is not Mode.INCREMENTAL:
            raise ValueError("start is for incremental jobs; a full load finds its own position")
        return self

    @property
    def limits(self) -> Spec:
        """The single limits behind `spec`."""
        return self.spec if isinstance(self.spec, Spec) else SIZES[self.spec]

    @property
    def choice(self) -> ObjectChoice:
        """The chosen objects."""
        if isinstance(self.objects, Databases):
            return ObjectChoice.of_databases(self.objects.databases, self.objects.exclude)
        if isinstance(self.objects, Tables):
            return ObjectChoice.of_tables(self.objects.tables)
        return ObjectChoice.everything()

    @property
    def replica_server_id(self) -> int:
        """The server id to register with: the given one, else one that only this job's name gives."""
        if self.server_id:
            return self.server_id
        digest = hashlib.sha256(self.name.encode()).digest()
        return 1 << 30 | int.from_bytes(digest[:4], "big") >> 3

    @property
    def fingerprint(self) -> str:
        """Of all settings with which a job can only go on unchanged."""
        settled = self.model_dump(mode="json", include={"mode", "objects", "start"})
        if self.storage:
            settled["storage"] = [rule.model_dump(mode="json") for rule in self.storage]
        return hashlib.sha256(json.dumps(settled, sort_keys=True).encode()).hexdigest()

    def stored(self, tables: Iterable[Table]) -> tuple[Table, ...]:
        """The tables, each with how the target shall store it."""
        return tuple(self._stored(table) for table in tables)

    def _stored(self, table: Table) -> Table:
        rule = next((rule for rule in self.storage if rule.concerns(table)), None)
        return replace(table, storage=rule.storage) if rule and table.kind is TableKind.TABLE else table

    def source_settings(self) -> ServerSettings:
        return self.source.settings(self.source.kind, self.source.connectivity)

    def target_settings(self) -> ServerSettings:
        return self.target.settings("tidb")

    def concealed(self) -> Self:
        """The same job, safe to hand to Prefect as a parameter from this process."""
        hidden = {"source": self.source.concealed("source"), "target": self.target.concealed("target")}
        return self.model_copy(update=hidden)

    def described(self) -> dict[str, Any]:
        """The job without any secret, for the target's records."""
        described = self.model_dump(mode="json", exclude={"source", "target"})
        return described | {"source": self.source.described(), "target": self.target.described()}


def load_job(path: Path) -> Job:
    """The job of a job file. Raises InvalidJob, naming the first thing that is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidJob(f"cannot read the job file {path}: {error.strerror}", where=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = getattr(error, "problem", None) or "it is not text"
        raise InvalidJob(f"the job file is not YAML: {problem}", where=str(path)) from error
    if not isinstance(content, dict):
        raise InvalidJob("the job file holds no fields", where=str(path))
    return parse_job(content, where=str(path))


def parse_job(content: dict[str, Any], *, where: str = "job") -> Job:
    """The job that the fields describe. Raises InvalidJob; no value of a field is repeated in it."""
    try:
        return Job.model_validate(content)
    except ValidationError as error:
        raise InvalidJob("; ".join(_problems(error)), where=where) from None


def _problems(error: ValidationError) -> list[str]:
    problems: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"] if not _is_variant(part)) or "job"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "no such field"
        problems.setdefault(place, f"{place}: {message[:1].lower()}{message[1:]}")
    return list(problems.values())


def _is_variant(part: int | str) -> bool:
    """Pydantic names the member of a union in the place of a problem; users never wrote that."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part)


def _split_url(url: str) -> tuple[str, str, str, str, int | None]:
    """Scheme, user, password, host and port; the password as written. Raises ValueError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL has no valid port: write mysql://user:${PASSWORD}@host:3306") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not parts.username:
        raise ValueError("not a server URL: write mysql://user:${PASSWORD}@host:3306")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "the URL names a server only; databases are chosen in objects, special characters are %-encoded"
        )
    return parts.scheme, parts.username, parts.password or "", parts.hostname, port


def _filled(text: str) -> str:
    """A part of a URL with %-encoding resolved and each `${NAME}` replaced by its value."""
    pieces, end = [], 0
    for match in _PLACEHOLDER.finditer(text):
        pieces += [unquote(text[end : match.start()]), _value(match)]
        end = match.end()
    return "".join([*pieces, unquote(text[end:])])


def _with_values(text: str) -> str:
    """A text with each `${NAME}` replaced by its value."""
    return _PLACEHOLDER.sub(_value, text)


def _value(placeholder: re.Match[str]) -> str:
    name = placeholder.group(1)
    if name in _held_secrets:
        return _held_secrets[name]
    if name not in os.environ:
        raise InvalidJob(f"${{{name}}} is not set in the environment", hint=f"export {name} and try again")
    return os.environ[name]


def _hold(name: str, secret: str) -> str:
    """Keep a secret in the memory of this process; the placeholder that stands for it."""
    placeholder = f"MYSQL_TO_TIDB_HELD_{name.upper()}_{len(_held_secrets)}"
    _held_secrets[placeholder] = secret
    return f"${{{placeholder}}}"
