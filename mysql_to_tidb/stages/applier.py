"""Applies folded windows in their order, in a thread of its own, while the next one is read."""

import queue
import threading
from collections.abc import Callable

from mysql_to_tidb.model.checkpoints import ApplyMode, Checkpoint
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.staging.fold import Window
from mysql_to_tidb.target.apply import apply_window
from mysql_to_tidb.target.connection import open_target


class Applier:
    """One lane: one connection, one window after the other, each in one transaction with its checkpoint.

    The first error ends the work: later windows are not applied, and whoever hands one over is told.
    """

    def __init__(
        self,
        target: ServerSettings,
        checkpoint: Checkpoint,
        mode_at: Callable[[Position], ApplyMode],
        *,
        windows_waiting_max: int,
    ) -> None:
        self.checkpoint = checkpoint
        """The last one committed."""
        self._connection = open_target(target)
        self._mode_at = mode_at
        self._windows: queue.Queue[Window | None] = queue.Queue(windows_waiting_max)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="applier", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether everything handed over has been committed."""
        return not self._windows.unfinished_tasks

    def submit(self, window: Window) -> None:
        """Hand a window over; waits while too many are waiting. Raises what stopped the work."""
        self.check()
        self._windows.put(window)

    def drain(self) -> None:
        """Wait until all that was handed over is committed. Raises what stopped the work."""
        self._windows.join()
        self.check()

    def check(self) -> None:
        """Raises what stopped the work, if anything has."""
        if self._error:
            raise self._error

    def close(self) -> None:
        """End behind the window in work; what waits is dropped, the checkpoint says that it was not applied."""
        self._error = self._error or InterruptedError("the applier has been closed")
        self._windows.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (window := self._windows.get()) is not None:
            try:
                if not self._error:
                    self._apply(window)
            except BaseException as error:  # noqa: BLE001 - carried to the thread that waits for it
                self._error = error
            finally:
                self._windows.task_done()
        self._windows.task_done()

    def _apply(self, window: Window) -> None:
        reached(Point.BEFORE_SYNC_APPLY)
        mode = self._mode_at(self.checkpoint.position)
        self.checkpoint = apply_window(self._connection, self.checkpoint, window, mode)
