"""Compares again only what the log has touched since a validation: the rest is as it was then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from pymysql.connections import Connection

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.model.changes import RowChanges
from mysql_to_tidb.model.keys import KeyLiterals
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.chunks import key_literals
from mysql_to_tidb.source.connection import read_identity
from mysql_to_tidb.validate.log import LogReading
from mysql_to_tidb.validate.pairs import TablePair
from mysql_to_tidb.validate.settle import ANOTHER_SERVER, Parties, Suspects, decoded
from mysql_to_tidb.validate.values import Key

KEYS_MAX = 200_000
"""More touched keys than this are not held in memory; their tables are compared in full."""


@dataclass(slots=True)
class Touched:
    """What the log says has been changed between two moments."""

    keys: dict[TableName, Suspects] = field(default_factory=dict)
    tables: set[TableName] = field(default_factory=set)
    """Those with any change, keyless ones included."""
    whole: set[TableName] = field(default_factory=set)
    """Those of which more has been changed than is worth telling, or whose definition has."""
    changes: int = 0
    problem: str = ""
    """Why it could not be told."""


def touched(
    source: Connection, parties: Parties, start: Position, end: Position, pairs: Mapping[TableName, TablePair]
) -> Touched:
    """Every key that was changed between the two positions. Raises StreamError where the log cannot tell."""
    found = Touched()
    if start.reaches(end):
        return found
    identity = read_identity(source)
    if identity.uuid != parties.source_uuid:
        raise StreamError(ANOTHER_SERVER)
    tables = {name: pair.table for name, pair in pairs.items()}
    log = LogReading(parties.source, identity, start, end, parties.server_id(), tables)
    for change in log.changes():
        if isinstance(change, RowChanges):
            _note(found, change, pairs[change.mapped.table.name])
    found.whole |= log.reshaped
    found.tables |= log.reshaped
    for name in found.whole:
        found.keys.pop(name, None)
    return found


def _note(found: Touched, change: RowChanges, pair: TablePair) -> None:
    found.tables.add(pair.name)
    found.changes += len(change.images)
    if not pair.table.key or pair.name in found.whole:
        return
    suspects = found.keys.setdefault(pair.name, Suspects(pair))
    suspects.keys.update(_keys(change, pair))
    if sum(len(each.keys) for each in found.keys.values()) > KEYS_MAX:
        largest = max(found.keys.values(), key=lambda each: len(each.keys))
        found.whole.add(largest.pair.name)
        del found.keys[largest.pair.name]


def _keys(change: RowChanges, pair: TablePair) -> dict[Key, KeyLiterals]:
    keys = decoded(change, change.images, pair, pair.source.key)
    columns = [
        pa.array(list(values), family.arrow_type)
        for values, family in zip(zip(*keys, strict=True), pair.source.key_families, strict=True)
    ]
    return dict(zip(keys, key_literals(pair.source.key_families, columns), strict=True))
