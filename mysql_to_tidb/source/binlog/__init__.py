"""Reads the source's binary log: connection, packets, events, transactions, row images, in this order."""

from mysql_to_tidb.source.binlog.stream import BinlogStream

__all__ = ["BinlogStream"]
