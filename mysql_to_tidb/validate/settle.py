"""Tells rows that differ from rows that are only late, exactly and without waiting.

The target is read in one snapshot together with its checkpoint, the source a little later; what the source was at
the checkpoint follows from the log between the two (see `touches`). It does not matter whether a sync is running.
"""

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pymysql.connections import Connection

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.model.changes import ChangeKind, RowChanges, RowImage
from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.model.keys import KeyLiterals
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.connection import read_identity
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.target.connection import TargetConnection, target_errors
from mysql_to_tidb.target.state_checkpoints import CheckpointLedger
from mysql_to_tidb.validate.log import LogReading
from mysql_to_tidb.validate.pairs import TablePair
from mysql_to_tidb.validate.reading import keyed_rows, read_keys
from mysql_to_tidb.validate.report import Kind, RowDifference, ValueDifference
from mysql_to_tidb.validate.touches import FirstTouches
from mysql_to_tidb.validate.values import Key, Row, canonical_row, same_rows, shown, shown_all

ANOTHER_SERVER = "another server answers than the job follows; let the sync find its place there, then validate again"
WITHIN_TRANSACTION = (
    "the target stands within a large transaction of the source; let the sync go on, then validate again"
)


@dataclass(frozen=True, slots=True)
class Parties:
    """Both sides of a job, with what reading the source's log takes."""

    job: str
    source: ServerSettings
    target: ServerSettings
    server_id: Callable[[], int]
    """Gives a replica's server id, another one each time."""
    source_uuid: str
    """The server that the job follows: the one that its positions are of."""


@dataclass(slots=True)
class Suspects:
    """Keys of one table whose rows looked different."""

    pair: TablePair
    keys: dict[Key, KeyLiterals] = field(default_factory=dict)


@dataclass(slots=True)
class Verdict:
    """What a look at the suspects of one table has shown."""

    differences: dict[Key, RowDifference] = field(default_factory=dict)
    rows: dict[Key, Row | None] = field(default_factory=dict)
    """Of those, the source's row at the target's position; None where it had none."""
    undecided: str = ""
    """Why it could not be told of the rest; empty where it was told of all."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at all suspects."""

    verdicts: dict[TableName, Verdict]
    position: Position | None
    """Where the source was when it was read."""


@contextlib.contextmanager
def target_moment(connection: TargetConnection, job: str) -> Iterator[Checkpoint | None]:
    """One snapshot of the target, and the source position that it belongs to; None where there is no log."""
    with target_errors("a snapshot of the target"):
        connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.begin()
    try:
        yield CheckpointLedger(connection).read(job)
    finally:
        with contextlib.suppress(Exception):
            connection.rollback()


def look(
    source: Connection, target: TargetConnection, parties: Parties, suspects: Mapping[TableName, Suspects]
) -> Look:
    """Read the suspects again at both sides, and take the source back to the target's position."""
    with target_moment(target, parties.job) as checkpoint:
        there = {
            name: keyed_rows(read_keys(target, each.pair, each.pair.target, list(each.keys.values())), each.pair.target)
            for name, each in suspects.items()
        }
    here = {
        name: keyed_rows(read_keys(source, each.pair, each.pair.source, list(each.keys.values())), each.pair.source)
        for name, each in suspects.items()
    }
    if checkpoint is None:
        return Look({name: _verdict(each, here[name], there[name]) for name, each in suspects.items()}, None)
    identity = read_identity(source)
    end = current_position(source, identity)
    tables = {name: each.pair.table for name, each in suspects.items()}
    before, undecided = _rows_before(parties, identity, checkpoint, end, suspects, tables)
    verdicts = {}
    for name, each in suspects.items():
        rows = before[name].taken_back(here[name])
        verdicts[name] = _verdict(each, rows, there[name])
        verdicts[name].undecided = undecided.get(name, "")
    return Look(verdicts, end)


def incomparable(parties: Parties, identity: ServerIdentity, checkpoint: Checkpoint) -> str:
    """Why the source cannot be taken back to the checkpoint at this moment; empty where it can."""
    if identity.uuid != parties.source_uuid:
        return ANOTHER_SERVER
    return WITHIN_TRANSACTION if checkpoint.partial_changes else ""


def _rows_before(
    parties: Parties,
    identity: ServerIdentity,
    checkpoint: Checkpoint,
    end: Position,
    suspects: Mapping[TableName, Suspects],
    tables: Mapping[TableName, Table],
) -> tuple[dict[TableName, FirstTouches[Key, list[Row]]], dict[TableName, str]]:
    """Of each table, the rows that the log has touched since the checkpoint, as they were; and where it cannot tell."""
    touches = {name: FirstTouches[Key, list[Row]](each.keys) for name, each in suspects.items()}
    if reason := incomparable(parties, identity, checkpoint):
        return touches, dict.fromkeys(suspects, reason)
    if checkpoint.position.reaches(end):
        return touches, {}
    log = LogReading(parties.source, identity, checkpoint.position, end, parties.server_id(), tables)
    try:
        for change in log.changes():
            if isinstance(change, RowChanges):
                name = change.mapped.table.name
                for kind, old_key, before, new_key in touched_rows(change, suspects[name].pair, suspects[name].keys):
                    touches[name].take(kind, old_key, None if before is None else [before], new_key)
    except StreamError as error:
        return touches, dict.fromkeys(suspects, f"{error} ({error.where})")
    return touches, dict.fromkeys(log.reshaped, "its definition has been changed since")


def touched_rows(
    change: RowChanges, pair: TablePair, wanted: Collection[Key]
) -> Iterator[tuple[ChangeKind, Key | None, Row | None, Key | None]]:
    """Each changed row that is wanted: what happened, its key and row before, its key after."""
    keys = decoded(change, change.images, pair, pair.source.key)
    step = 2 if change.kind is ChangeKind.UPDATE else 1
    for number in range(0, len(keys), step):
        old_key = None if change.kind is ChangeKind.INSERT else keys[number]
        new_key = None if change.kind is ChangeKind.DELETE else keys[number + step - 1]
        if old_key in wanted:
            (before,) = decoded(change, [change.images[number]], pair, range(len(pair.source.columns)))
            yield change.kind, old_key, before, new_key
        elif new_key in wanted:
            yield change.kind, old_key, None, new_key


def decoded(change: RowChanges, images: Sequence[RowImage], pair: TablePair, places: Sequence[int]) -> list[Row]:
    """The columns at `places` of some row images, as plain values."""
    columns = list(zip(*images, strict=True))
    values = [
        pair.source.families[place].from_image(columns[place], change.mapped.image[place]).to_pylist()
        for place in places
    ]
    return list(zip(*values, strict=True))


def _verdict(suspects: Suspects, here: Mapping[Key, list[Row]], there: Mapping[Key, list[Row]]) -> Verdict:
    verdict = Verdict()
    families = suspects.pair.source.families
    for key in suspects.keys:
        source, target = here.get(key, []), there.get(key, [])
        if not same_rows(source, target, families):
            verdict.differences[key] = difference(suspects.pair, key, source, target)
            verdict.rows[key] = source[0] if source else None
    return verdict


def difference(pair: TablePair, key: Key, source: list[Row], target: list[Row]) -> RowDifference:
    """What people are told of a row."""
    names = [column.name for column in pair.source.columns]
    told = shown_all([names[place] for place in pair.source.key], key)
    if len(source) != len(target):
        return RowDifference(Kind.MISSING if len(source) > len(target) else Kind.EXTRA, told)
    families = pair.source.families
    one, other = canonical_row(source[0], families), canonical_row(target[0], families)
    values = tuple(
        ValueDifference(names[place], shown(source[0][place]), shown(target[0][place]))
        for place in range(len(names))
        if one[place] != other[place]
    )
    return RowDifference(Kind.DIFFERENT, told, values)


def settled(
    source: Connection,
    target: TargetConnection,
    parties: Parties,
    suspects: Mapping[TableName, Suspects],
    waits_seconds: tuple[float, ...],
) -> Look:
    """Look until nothing is left in doubt or all looks are done; what the last look at each row has shown.

    A row counts as different only if every look says so: a replica is sent a transaction some moments before
    other readers of the source see it, so the target may be ahead of the first look.
    """
    seen = look(source, target, parties, suspects)
    for seconds in waits_seconds:
        left = {
            name: Suspects(suspects[name].pair, {key: suspects[name].keys[key] for key in verdict.differences})
            for name, verdict in seen.verdicts.items()
            if verdict.differences
        }
        if not left:
            break
        threading.Event().wait(seconds)
        again = look(source, target, parties, left)
        seen = Look({name: again.verdicts.get(name, Verdict()) for name in seen.verdicts}, again.position)
    return seen
