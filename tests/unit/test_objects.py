"""Which tables a choice of objects selects, and which created later follow."""

import pytest

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice


def selects(choice: ObjectChoice, schema: str, table: str, *, fold_case: bool = False) -> bool:
    return choice.selects(TableName(schema, table), fold_case=fold_case)


@pytest.mark.parametrize("schema", ["mysql", "information_schema", "PERFORMANCE_SCHEMA", "sys", "mysql_to_tidb"])
@pytest.mark.parametrize("choice", [ObjectChoice.everything(), ObjectChoice.of_databases(["*"])])
def test_system_databases_are_never_migrated(choice: ObjectChoice, schema: str) -> None:
    assert not selects(choice, schema, "t")
    assert not choice.follows_new_tables(schema)
    assert not choice.selects_database(schema, fold_case=False)


@pytest.mark.parametrize("schema", ["mysql", "Mysql_To_TiDB"])
def test_choosing_a_system_database_by_name_is_refused(schema: str) -> None:
    with pytest.raises(InvalidJob, match="never migrated"):
        ObjectChoice.of_databases([schema])
    with pytest.raises(InvalidJob, match="never migrated"):
        ObjectChoice.of_tables([f"{schema}.t"])


def test_chosen_databases_follow_new_tables_and_chosen_tables_do_not() -> None:
    assert ObjectChoice.everything().follows_new_tables("shop")
    assert ObjectChoice.of_databases(["shop"]).follows_new_tables("shop")
    assert not ObjectChoice.of_databases(["shop"]).follows_new_tables("stock")
    assert not ObjectChoice.of_tables(["shop.orders"]).follows_new_tables("shop")
    assert ObjectChoice.of_tables(["shop.orders"]).selects_database("shop", fold_case=False)


def test_excluded_tables_are_left_out() -> None:
    choice = ObjectChoice.of_databases(["shop", "stock"], exclude=["shop.tmp_*", "*.log?"])
    assert selects(choice, "shop", "orders")
    assert not selects(choice, "shop", "tmp_1")
    assert selects(choice, "stock", "tmp_1")
    assert not selects(choice, "stock", "log1")
    assert selects(choice, "stock", "log12")
    assert not selects(choice, "other", "orders")


def test_wildcards_are_only_star_and_question_mark() -> None:
    choice = ObjectChoice.of_databases(["a[bc].?x*"])
    assert selects(choice, "a[bc].yx", "t")
    assert selects(choice, "a[bc].yx tail\n", "t")
    assert not selects(choice, "ab.yx", "t")


def test_names_in_backticks_stand_for_themselves() -> None:
    choice = ObjectChoice.of_tables(["`a.b`.`c*``d`", "plain.t"])
    assert selects(choice, "a.b", "c*`d")
    assert not selects(choice, "a.b", "cx`d")
    assert selects(choice, "plain", "t")
    assert str(choice) == "tables a.b.c*`d, plain.t"


def test_case_counts_unless_the_source_folds_it() -> None:
    choice = ObjectChoice.of_databases(["Shop"], exclude=["shop.Tmp"])
    assert not selects(choice, "shop", "orders")
    assert selects(choice, "shop", "orders", fold_case=True)
    assert not selects(choice, "SHOP", "TMP", fold_case=True)


@pytest.mark.parametrize("text", ["orders", "a.b.c", "a.", ".b", "", "`a`b.c"])
def test_what_is_not_a_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidJob, match="is not a table"):
        ObjectChoice.of_tables([text])


@pytest.mark.parametrize("databases", [[], [" "]])
def test_an_empty_choice_is_refused(databases: list[str]) -> None:
    with pytest.raises(InvalidJob):
        ObjectChoice.of_databases(databases)
    with pytest.raises(InvalidJob):
        ObjectChoice.of_tables([])


def test_chosen_tables_take_no_wildcards() -> None:
    with pytest.raises(InvalidJob, match="wildcard"):
        ObjectChoice.of_tables(["shop.*"])


def test_a_choice_reads_well() -> None:
    assert str(ObjectChoice.everything()) == "all databases"
    assert str(ObjectChoice.of_databases(["a*", "b"], exclude=["b.t"])) == "databases a*, b without b.t"
