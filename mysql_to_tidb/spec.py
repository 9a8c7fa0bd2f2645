"""The performance specification of a job: every limit of its own, with its unit, in three sizes."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class SpecSize(StrEnum):
    """A ready-made specification."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Spec(BaseModel):
    """What a job may use. The defaults are those of `medium`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    load_connections: int = Field(4, ge=1, le=64, description="Chunks that are loaded at the same time")
    chunk_rows: int = Field(200_000, ge=100, description="Rows of one chunk, the unit of work of the full load")
    transaction_rows: int = Field(10_000, ge=1, description="Rows of one target transaction of the full load")
    transaction_bytes: int = Field(
        16 << 20, ge=1 << 10, description="Bytes after which such a transaction ends before it has all its rows"
    )
    source_rows_per_second_max: int | None = Field(
        None, ge=1, description="Rows that the full load may read in a second, all connections together"
    )
    source_threads_running_max: int | None = Field(
        None, ge=1, description="Statements in work at the source (Threads_running) above which the load waits"
    )
    source_lag_seconds_max: float | None = Field(
        None, ge=0, description="Replication lag of a source that is a replica above which the load waits"
    )
    window_changes: int = Field(20_000, ge=1, description="Row changes that the sync folds into one transaction")
    window_bytes: int = Field(32 << 20, ge=1 << 10, description="Bytes of row images in such a transaction")
    atomic_changes: int = Field(
        100_000, ge=1, description="Row changes of a source transaction above which it is applied in slices"
    )
    atomic_bytes: int = Field(64 << 20, ge=1 << 10, description="Bytes of row images above which it is")
    spool_memory_bytes: int = Field(
        32 << 20, ge=1 << 10, description="Bytes of a source transaction that are held in memory; the rest is on disk"
    )
    spool_folder: str = Field("", description="Folder for that, else the system's for temporary files")
    windows_waiting: int = Field(2, ge=1, le=16, description="Folded windows that may wait for the target")

    @property
    def connections(self) -> int:
        """Connections that a running job opens at each side, at the most."""
        return (2 + self._watches_source) * self.load_connections + 3

    @property
    def _watches_source(self) -> bool:
        return self.source_threads_running_max is not None or self.source_lag_seconds_max is not None


SIZES: dict[SpecSize, Spec] = {
    SpecSize.SMALL: Spec(load_connections=2, chunk_rows=100_000, transaction_rows=5_000, window_changes=10_000),
    SpecSize.MEDIUM: Spec(),
    SpecSize.LARGE: Spec(load_connections=16, chunk_rows=500_000, transaction_rows=20_000, window_changes=50_000),
}
