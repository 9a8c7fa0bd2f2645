"""How tables are rewritten for the target, rule by rule, without any server."""

import pytest

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table, TableKind
from mysql_to_tidb.target.schema import (
    TableDdl,
    column_statement,
    create_database_statement,
    create_table_statement,
    create_view_statement,
    foreign_key_statements,
)
from mysql_to_tidb.target.schema_types import target_collation

ID = Column("id", "int", "int", nullable=False)
PRIMARY = Index("PRIMARY", unique=True, parts=(IndexPart("id"),))


def text(name: str, column_type: str, character_set: str, collation: str, characters: int) -> Column:
    data_type = column_type.partition("(")[0]
    return Column(
        name, data_type, column_type, character_set=character_set, collation=collation, characters_max=characters
    )


def ddl(
    *columns: Column,
    lines: tuple[str, ...] = (),
    indexes: tuple[Index, ...] = (PRIMARY,),
    tail: str = "",
    **fields: str,
) -> TableDdl:
    """The DDL of a table with an integer key; `lines` are those that SHOW CREATE TABLE prints for the rest."""
    plain = [f"`{column.name}` {column.column_type}" for column in (ID, *columns)][: 1 + len(columns) - len(lines)]
    statement = "CREATE TABLE `t` (\n" + ",\n".join([*plain, *lines]) + f"\n) ENGINE=InnoDB {tail}"
    table = Table(TableName("s", "t"), (ID, *columns), indexes, create_statement=statement)
    return create_table_statement(table)


def rules(made: TableDdl) -> list[str]:
    return [rewrite.rule for rewrite in made.rewrites]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("utf8mb4_0900_ai_ci", "utf8mb4_0900_ai_ci"),
        ("utf8mb4_general_ci", "utf8mb4_general_ci"),
        ("utf8_general_ci", "utf8mb4_general_ci"),
        ("utf8mb3_unicode_ci", "utf8mb4_unicode_ci"),
        ("utf8mb3_bin", "utf8mb4_bin"),
        ("utf8mb4_0900_as_cs", "utf8mb4_0900_bin"),
        ("utf8mb4_zh_0900_as_cs", "utf8mb4_0900_bin"),
        ("utf8mb4_nopad_bin", "utf8mb4_0900_bin"),
        ("utf8mb4_uca1400_spanish_nopad_as_cs", "utf8mb4_0900_bin"),
        ("utf8mb4_uca1400_ai_ci", "utf8mb4_bin"),
        ("utf8mb4_spanish_ci", "utf8mb4_bin"),
        ("utf8mb4_unicode_520_ci", "utf8mb4_bin"),
        ("latin1_swedish_ci", "utf8mb4_bin"),
        ("gbk_chinese_ci", "utf8mb4_bin"),
        ("ascii_general_ci", "utf8mb4_bin"),
    ],
)
def test_a_collation_stays_or_becomes_a_finer_one(source: str, target: str) -> None:
    assert target_collation(source) == target


@pytest.mark.parametrize(
    ("column_type", "becomes"),
    [
        ("uuid", "char(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        ("inet6", "varchar(39) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        ("inet4", "varchar(15) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        ("vector(3)", "vector"),
        ("double(10,2) unsigned", "double unsigned"),
        ("float(7,3)", "float"),
        ("blob /*M!100301 COMPRESSED*/", "blob"),
    ],
)
def test_types_that_the_target_lacks_become_what_holds_their_values(column_type: str, becomes: str) -> None:
    data_type = column_type.partition("(")[0].partition(" ")[0]
    made = ddl(Column("c", data_type, column_type))
    assert f"`c` {becomes},\n" in made.statement
    assert rules(made) == ["type"]


def test_zeros_before_a_number_are_said_to_be_gone() -> None:
    assert rules(ddl(Column("c", "int", "int(5) unsigned zerofill"))) == ["zerofill"]


def test_a_geometry_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedSchema, match="`c` has the type point, which TiDB does not have"):
        ddl(Column("c", "point", "point"))


def test_a_collation_that_changes_is_reported_and_one_that_stays_is_not() -> None:
    made = ddl(text("a", "varchar(9)", "utf8mb4", "utf8mb4_spanish_ci", 9))
    assert rules(made) == ["collation"]
    assert "COLLATE utf8mb4_bin" in made.statement
    assert rules(ddl(text("a", "varchar(9)", "utf8mb3", "utf8mb3_general_ci", 9))) == []
    assert rules(ddl(text("a", "varchar(9)", "utf8mb4", "utf8mb4_bin", 9))) == []


@pytest.mark.parametrize(
    ("column_type", "character_set", "wider"),
    [
        ("tinytext", "latin1", "text"),
        ("text", "gbk", "mediumtext"),
        ("mediumtext", "latin1", "longtext"),
        ("longtext", "latin1", "longtext"),
        ("text", "utf8mb3", "text"),
        ("text", "ascii", "text"),
        ("text", "utf8mb4", "text"),
        ("varchar(20000)", "latin1", "mediumtext"),
        ("varchar(16383)", "latin1", "varchar(16383)"),
    ],
)
def test_texts_have_room_for_more_bytes_in_utf8(column_type: str, character_set: str, wider: str) -> None:
    characters = int("".join(filter(str.isdigit, column_type)) or 255)
    made = ddl(text("a", column_type, character_set, f"{character_set}_bin", characters))
    assert made.table.columns[1].column_type == wider
    assert f"`a` {wider} CHARACTER SET utf8mb4" in made.statement


@pytest.mark.parametrize(
    ("data_type", "printed", "kept"),
    [
        ("int", "'5'", "'5'"),
        ("int", "-5", "-5"),
        ("varchar", "(_utf8mb4'abc')", "'abc'"),
        ("varchar", "(uuid())", "(uuid())"),
        ("varchar", "(replace(upper(uuid()),_utf8mb4'-',_utf8mb4''))", "(replace(upper(uuid()),'-',''))"),
        ("binary", "(uuid_to_bin(uuid()))", "(uuid_to_bin(uuid()))"),
        ("date", "(now())", "(curdate())"),
        ("date", "curdate()", "(curdate())"),
        ("datetime", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("json", "(json_array())", "(json_array())"),
        ("bit", "b'101'", "b'101'"),
        ("varbinary", "0xFF00", "0xFF00"),
    ],
)
def test_defaults_that_tidb_can_have_are_kept(data_type: str, printed: str, kept: str) -> None:
    column_type = {"varchar": "varchar(40)", "binary": "binary(16)", "bit": "bit(3)"}.get(data_type, data_type)
    made = ddl(Column("a", data_type, column_type, octets_max=16), lines=(f"`a` {column_type} DEFAULT {printed}",))
    assert made.statement.splitlines()[2] == f"  `a` {column_type} DEFAULT {kept},"
    assert rules(made) == []


@pytest.mark.parametrize(
    ("data_type", "printed"),
    [
        ("int", "(1 + 1)"),
        ("int", "nextval(`s`.`sq`)"),
        ("text", "(_utf8mb4'abc')"),
        ("json", "(_utf8mb4'{}')"),
        ("varchar", "(concat(_utf8mb4'a',1))"),
        ("datetime", "(now() + interval 1 day)"),
        ("datetime", "CURRENT_TIMESTAMP(3)"),
        ("time", "(now())"),
    ],
)
@pytest.mark.parametrize(("nullable", "consequence"), [(True, "is NULL"), (False, "fails")])
def test_defaults_that_tidb_cannot_have_are_left_out(
    data_type: str, printed: str, nullable: bool, consequence: str
) -> None:
    column_type = "varchar(40)" if data_type == "varchar" else data_type
    made = ddl(Column("a", data_type, column_type, nullable), lines=(f"`a` {column_type} DEFAULT {printed}",))
    assert rules(made) == ["default"]
    assert made.rewrites[0].meaning.endswith(f"an INSERT without this column {consequence}")
    assert "DEFAULT (" not in made.statement


def test_invisible_columns_become_visible() -> None:
    made = ddl(Column("a", "int", "int", extra="INVISIBLE"), lines=("`a` int DEFAULT NULL /*!80023 INVISIBLE */",))
    assert rules(made) == ["invisible_column"]
    assert not made.table.columns[1].invisible


@pytest.mark.parametrize("kind", ["FULLTEXT", "SPATIAL"])
def test_indexes_of_other_kinds_are_left_out(kind: str) -> None:
    made = ddl(
        Column("a", "int", "int"), indexes=(PRIMARY, Index("ft", unique=False, parts=(IndexPart("a"),), kind=kind))
    )
    assert rules(made) == ["index_kind"]
    assert "`ft`" not in made.statement


def test_an_index_that_is_too_long_is_shortened_and_no_longer_unique() -> None:
    wide = text("a", "varchar(500)", "utf8mb4", "utf8mb4_bin", 500)
    also = text("b", "varchar(500)", "utf8mb4", "utf8mb4_bin", 500)
    index = Index("ab", unique=True, parts=(IndexPart("a"), IndexPart("b"), IndexPart("id")))
    made = ddl(wide, also, indexes=(PRIMARY, index))
    assert rules(made) == ["index_length"]
    shortened = made.table.indexes[1]
    assert not shortened.unique
    assert [part.prefix_length for part in shortened.parts] == [383, 383, None]


def test_a_primary_key_that_is_too_long_is_refused() -> None:
    wide = text("a", "varchar(1000)", "utf8mb4", "utf8mb4_bin", 1000)
    with pytest.raises(UnsupportedSchema, match="the primary key needs 4000 bytes"):
        ddl(wide, indexes=(Index("PRIMARY", unique=True, parts=(IndexPart("a"),)),))


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ("((`id` + 2))", True),
        ("(lower(`a`))", True),
        ("(cast(json_extract(`a`,_utf8mb4'$.x') as unsigned array))", True),
        ("(cast(`a` as char(10) charset utf8mb4))", True),
        ("(substr(`a`,1,3))", False),
        ("(if((`id` > 1),1,2))", False),
    ],
)
def test_functional_indexes_are_kept_where_tidb_can_have_them(expression: str, kept: bool) -> None:
    index = Index("fx", unique=False, parts=(IndexPart(None, expression=expression),))
    made = ddl(text("a", "varchar(9)", "utf8mb4", "utf8mb4_bin", 9), indexes=(PRIMARY, index))
    assert ("KEY `fx`" in made.statement) == kept
    assert rules(made) == ([] if kept else ["functional_index"])
    assert "_utf8mb4" not in made.statement


def test_descending_indexes_become_ascending() -> None:
    made = ddl(Column("a", "int", "int"), indexes=(PRIMARY, Index("d", False, (IndexPart("a", descending=True),))))
    assert rules(made) == ["descending_index"]
    assert "KEY `d` (`a`)" in made.statement


@pytest.mark.parametrize(
    ("partitioning", "kept"),
    [
        (
            "PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (5) COMMENT = 'x' ENGINE = InnoDB) */",
            "PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (5) COMMENT = 'x')",
        ),
        (
            "PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */",
            "PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN MAXVALUE)",
        ),
        ("PARTITION BY LINEAR KEY ALGORITHM = 2 (id)\nPARTITIONS 3 */", "PARTITION BY KEY (id) PARTITIONS 3"),
        (
            "PARTITION BY LIST (id)\nSUBPARTITION BY HASH (id)\n(PARTITION p0 VALUES IN (1,2) (SUBPARTITION s0)) */",
            "PARTITION BY LIST (id)\n(PARTITION p0 VALUES IN (1,2))",
        ),
        ("PARTITION BY HASH ((`id` % 7))\nPARTITIONS 4 */", "PARTITION BY HASH ((`id` % 7)) PARTITIONS 4"),
        ("PARTITION BY HASH (crc32(`id`))\nPARTITIONS 4 */", None),
        ("PARTITION BY SYSTEM_TIME \n(PARTITION `p0` HISTORY ENGINE = InnoDB) */", None),
    ],
)
def test_partitions_are_kept_where_tidb_can_have_them(partitioning: str, kept: str | None) -> None:
    made = ddl(tail=f"DEFAULT CHARSET=utf8mb4\n/*!50100 {partitioning}")
    assert ("partitions" in rules(made)) == (kept is None)
    assert made.statement.partition("\nPARTITION")[2] == (kept.removeprefix("PARTITION") if kept else "")


def test_partitions_by_a_column_that_a_unique_index_lacks_are_left_out() -> None:
    other = Index("u", unique=True, parts=(IndexPart("a"),))
    made = ddl(Column("a", "int", "int"), indexes=(PRIMARY, other), tail="/*!50100 PARTITION BY HASH (`id`) */")
    assert rules(made) == ["partitions"]


@pytest.mark.parametrize("literal", ["_latin1'?'", "_latin1'é'", "_latin1'xE9'", r"_gbk'\\'"])
def test_a_literal_that_is_printed_with_loss_is_refused(literal: str) -> None:
    column = Column("g", "varchar", "varchar(9)", generation_expression="x")
    with pytest.raises(UnsupportedSchema, match="with loss"):
        ddl(column, lines=(f"`g` varchar(9) GENERATED ALWAYS AS (concat({literal},`id`)) VIRTUAL",))


def test_expressions_speak_of_character_sets_that_exist() -> None:
    column = Column("g", "varchar", "varchar(9)", generation_expression="x")
    printed = "concat(_latin1'a',cast(`id` as char(9) charset latin1) collate latin1_general_cs)"
    made = ddl(column, lines=(f"`g` varchar(9) GENERATED ALWAYS AS ({printed}) STORED",))
    assert "(concat('a',cast(`id` as char(9) charset utf8mb4) collate utf8mb4_bin)) STORED" in made.statement


@pytest.mark.parametrize("data_type", ["point", "geometry", "multipolygon"])
def test_types_that_tidb_lacks_are_refused_by_name(data_type: str) -> None:
    with pytest.raises(UnsupportedSchema, match=data_type):
        ddl(Column("a", data_type, data_type))


def test_one_column_can_be_rendered_for_an_alter_table() -> None:
    made = ddl(text("a", "varchar(9)", "latin1", "latin1_bin", 9))
    assert column_statement(made.table, "A") == "`a` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def test_names_are_quoted_wherever_they_stand() -> None:
    name = "we`ird %s {}"
    table = Table(
        TableName("a`b", name),
        (Column(name, "int", "int", nullable=False),),
        (Index("PRIMARY", True, (IndexPart(name),)),),
        create_statement="CREATE TABLE `x` (\n `we``ird %s {}` int NOT NULL\n) ENGINE=InnoDB COMMENT='it''s %d'",
    )
    statement = create_table_statement(table).statement
    assert statement.startswith("CREATE TABLE IF NOT EXISTS `a``b`.`we``ird %s {}` (\n  `we``ird %s {}` int NOT NULL")
    assert statement.endswith("COMMENT='it''s %d'")


def test_a_database_is_created_in_utf8mb4() -> None:
    expected = "CREATE DATABASE IF NOT EXISTS `a``b` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    assert create_database_statement("a`b", "latin1_swedish_ci") == expected


def view(statement: str) -> Table:
    return Table(TableName("s", "v"), (Column("x", "int", "int"),), kind=TableKind.VIEW, create_statement=statement)


def test_a_view_is_created_for_the_user_of_the_target() -> None:
    made = create_view_statement(
        view(
            "CREATE ALGORITHM=UNDEFINED DEFINER=`AS`@`%` SQL SECURITY DEFINER VIEW `s`.`v` AS "
            "select (`s`.`t`.`a` collate latin1_general_cs) AS `x` from `s`.`t` where `b` = _latin1'AS'"
        )
    )
    assert made.statement == (
        "CREATE OR REPLACE SQL SECURITY DEFINER VIEW `s`.`v` (`x`) AS "
        "select (`s`.`t`.`a` collate utf8mb4_bin) AS `x` from `s`.`t` where `b` = 'AS'"
    )
    assert rules(made) == ["definer"]


def test_a_view_of_its_invoker_stays_one() -> None:
    made = create_view_statement(view("CREATE SQL SECURITY INVOKER VIEW `v` AS select 1 AS `x`"))
    assert "SQL SECURITY INVOKER" in made.statement
    assert made.rewrites == ()


def test_a_view_whose_definition_is_hidden_is_refused() -> None:
    with pytest.raises(UnsupportedSchema, match="does not show"):
        create_view_statement(view(""))


def test_foreign_keys_are_added_between_migrated_tables_only() -> None:
    parent = Table(TableName("s", "p"), (ID,), (PRIMARY,), create_statement="CREATE TABLE `p` (\n`id` int\n)")
    child = Table(
        TableName("s", "c"),
        (ID,),
        (PRIMARY,),
        create_statement="CREATE TABLE `c` (\n`id` int,\n CONSTRAINT `fk1` FOREIGN KEY (`id`) REFERENCES `p` (`id`) "
        "ON DELETE CASCADE,\n CONSTRAINT `fk2` FOREIGN KEY (`id`) REFERENCES `other`.`q` (`id`)\n)",
    )
    statements, left_out = foreign_key_statements([parent, child])
    assert [key.statement for key in statements] == [
        "ALTER TABLE `s`.`c` ADD CONSTRAINT `fk1` FOREIGN KEY (`id`) REFERENCES `s`.`p` (`id`) ON DELETE CASCADE"
    ]
    assert [rewrite.object for rewrite in left_out] == ["fk2"]
