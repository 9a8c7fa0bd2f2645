"""The types of MySQL, one family to a file: text decoder, image decoder, Arrow type and encoder side by side."""

from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.registry import families_of, family_of, schema_of

__all__ = ["Family", "families_of", "family_of", "schema_of"]
