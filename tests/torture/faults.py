"""What is done to a running job, and to the servers and networks around it."""

import time
from collections.abc import Callable
from enum import StrEnum
from random import Random

from mysql_to_tidb.points import Point
from tests.lab.proxy import Proxy
from tests.lab.servers import LabServer

AWAY_SECONDS = (0.3, 4.0)


class Fault(StrEnum):
    """One kind of mishap."""

    KILL = "our process killed at any moment"
    KILL_AT_POINT = "our process killed at a named point"
    SOURCE_CUT = "connections to the source cut"
    SOURCE_REFUSED = "source not to be reached for a while"
    SOURCE_STALLED = "source silent for a while"
    SOURCE_RESTARTED = "source restarted"
    SOURCE_KILLED = "source killed and started"
    LOG_ROTATED = "binary log rotated"
    TARGET_CUT = "connections to the target cut"
    TARGET_REFUSED = "target not to be reached for a while"
    TARGET_STALLED = "target silent for a while"


ENDS_SOURCE = frozenset({Fault.SOURCE_RESTARTED, Fault.SOURCE_KILLED})
"""Whoever writes to the source must have ended."""

LOAD_POINTS = [point for point in Point if "load" in point or "chunk" in point or "schema" in point]
SYNC_POINTS = [point for point in Point if "sync" in point]


def network_fault(fault: Fault, source: Proxy, target: Proxy, chance: Random) -> None:
    """Do it, and put it right again after a while."""
    address = source if fault.name.startswith("SOURCE") else target
    away: dict[str, Callable[[], None]] = {"REFUSED": address.refuse, "STALLED": address.stall}
    what = fault.name.partition("_")[2]
    if what in away:
        away[what]()
        time.sleep(chance.uniform(*AWAY_SECONDS))
    if what != "REFUSED":
        address.cut()
    address.let_through()


def server_fault(fault: Fault, source: LabServer) -> None:
    """Nobody may be writing."""
    if fault is Fault.SOURCE_KILLED:
        source.kill()
        source.start()
    else:
        source.restart()
