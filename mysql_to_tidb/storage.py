"""How TiDB shall store some tables, where its own way is not wanted: a part of the job file."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.objects import TablePattern
from mysql_to_tidb.model.tables import Storage, Table


class StorageRule(BaseModel):
    """Options for the tables that it names; of several rules for a table, the first counts.

    TiDB documentation: AUTO_RANDOM, Clustered Indexes, SHARD_ROW_ID_BITS.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: list[str] = Field(min_length=1, description="Table names, as database.table; * and ? are wildcards")
    auto_random_bits: int = Field(
        0, ge=0, le=15, description="Bits of randomness in new ids: AUTO_RANDOM in place of AUTO_INCREMENT; TiDB: 5"
    )
    nonclustered: bool = Field(False, description="Keep rows by a hidden row id, not by their primary key")
    shard_row_id_bits: int = Field(0, ge=0, le=15, description="Spread new rows over 2^n places, by the hidden row id")
    pre_split_regions: int = Field(0, ge=0, le=15, description="Begin with 2^n regions, at most shard_row_id_bits")

    @field_validator("tables")
    @classmethod
    def _can_be_read(cls, tables: list[str]) -> list[str]:
        try:
            for text in tables:
                TablePattern.parse(text)
        except InvalidJob as error:
            raise ValueError(f"{error.message}; {error.hint}") from None
        return tables

    def concerns(self, table: Table) -> bool:
        """TiDB compares names without case, and so does this."""
        return any(TablePattern.parse(text).matches(table.name, fold_case=True) for text in self.tables)

    @property
    def storage(self) -> Storage:
        return Storage(self.auto_random_bits, self.nonclustered, self.shard_row_id_bits, self.pre_split_regions)
