"""What reviewers should not have to look for: sizes, leftovers, sleeping loops, traces of a machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60

EXCEPTIONS: dict[str, str] = {}
"""`path` or `path:function` that may be longer, and why."""

LEFTOVERS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
MACHINES = re.compile(r"(?<![\w.$}*-])/(?:home|root|Users|opt|work|mnt)/\w")
REGISTRIES = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npmjs\.org|proxy\.golang\.org)\b")
SILENCED = re.compile(r"# (?:noqa|type: ignore)(?!(?:: ?[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|\[[a-z, -]+\])\s+\S+ \w)")


def _tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.splitlines() if (path := ROOT / name).is_file()]


TRACKED = _tracked()
MODULES = [path for path in TRACKED if path.suffix == ".py"]
LIBRARY = [path for path in MODULES if path.is_relative_to(ROOT / "mysql_to_tidb")]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_is_for_and_is_short(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not text, "the module has no docstring"
    lines = text.count("\n")
    assert lines <= FILE_LINES_MAX or _name(path) in EXCEPTIONS, f"{lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX or f"{_name(path)}:{node.name}" in EXCEPTIONS, f"{node.name}: {lines}"


@pytest.mark.parametrize("path", LIBRARY, ids=_name)
def test_the_library_neither_loops_without_end_nor_sleeps(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.While):
            assert not isinstance(node.test, ast.Constant), f"line {node.lineno} loops without a condition"
        called = node.func if isinstance(node, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        assert name != "sleep", f"line {called and called.lineno} sleeps; wait for something that can be interrupted"


@pytest.mark.parametrize("path", TRACKED, ids=_name)
def test_a_file_holds_no_leftovers_and_no_traces_of_a_machine(path: Path) -> None:
    if path == Path(__file__):
        return
    text = path.read_text()
    for pattern in (LEFTOVERS, MACHINES, REGISTRIES):
        found = pattern.search(text)
        assert not found, f"line {text.count(chr(10), 0, found.start()) + 1}: {found[0]}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_silenced_finding_says_why(path: Path) -> None:
    text = path.read_text()
    found = SILENCED.search(text)
    assert not found or path == Path(__file__), f"line {text.count(chr(10), 0, found.start()) + 1}: {found[0]}"


def test_every_exception_is_still_needed() -> None:
    known = {_name(path) for path in MODULES}
    assert {place.partition(":")[0] for place in EXCEPTIONS} <= known
