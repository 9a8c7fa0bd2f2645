"""Imports flow downhill only, and the library knows no Prefect."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = (
    {"mysql_to_tidb.errors"},
    {"mysql_to_tidb.points"},
    {"mysql_to_tidb.model"},
    {"mysql_to_tidb.spec"},
    {"mysql_to_tidb.storage"},
    {"mysql_to_tidb.job"},
    {"mysql_to_tidb.tls"},
    {"mysql_to_tidb.connection"},
    {"mysql_to_tidb.refusals"},
    {"mysql_to_tidb.catalog"},
    {"mysql_to_tidb.columns"},
    {"mysql_to_tidb.staging"},
    {"mysql_to_tidb.source", "mysql_to_tidb.target"},
    {"mysql_to_tidb.validate"},
    {"mysql_to_tidb.stages"},
    {"blocks"},
    {"tasks"},
    {"deployments"},
    {"flows"},
)
"""From the ground up: each may import those before it; those in one set know nothing of each other."""

HEIGHTS = {part: height for height, parts in enumerate(LAYERS) for part in parts}
OURS = {part.partition(".")[0] for part in HEIGHTS}
MODULES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path) -> Iterator[str]:
    """The full name of every module that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{_name(path)} imports relatively; write the full name"
            module = str(node.module)
            # `from package import part` names the part, not the package.
            yield from ([f"{module}.{alias.name}" for alias in node.names] if module in OURS else [module])


def _part(module: str) -> str:
    """What a module belongs to among LAYERS."""
    words = module.split(".")
    return ".".join(words[:2]) if words[0] == "mysql_to_tidb" else words[0]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    own = _part(_name(path))
    if own == "mysql_to_tidb":
        assert not [name for name in _imported(path) if _part(name) in HEIGHTS], "the package itself imports nothing"
        return
    assert own in HEIGHTS, f"{own} has no place in LAYERS yet"
    for name in _imported(path):
        other = _part(name)
        if name.partition(".")[0] in OURS and other != own:
            assert HEIGHTS[other] < HEIGHTS[own], f"{_name(path)} imports {name}, which does not lie below it"


@pytest.mark.parametrize("path", sorted((ROOT / "mysql_to_tidb").rglob("*.py")), ids=_name)
def test_the_library_knows_no_prefect(path: Path) -> None:
    assert not [name for name in _imported(path) if name.partition(".")[0].startswith("prefect")]
