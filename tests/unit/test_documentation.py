"""The documentation says what the software does."""

import re
from pathlib import Path

import mysql_to_tidb.errors as errors
from mysql_to_tidb.errors import MigrationError
from tasks.alert_text import AlertKind

ROOT = Path(__file__).parents[2]


def documented(page: str) -> list[str]:
    return re.findall(r"^### (\w+)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)


def test_every_error_is_documented_once() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MigrationError)]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert sorted(documented("errors.md")) == sorted([*codes, "RUN_LOST"])


def test_every_alert_is_documented() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text()
    assert [kind for kind in AlertKind if f"`{kind}`" not in page] == []


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "DESIGN.md", *(ROOT / "docs").glob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:)([\w./-]+)", page.read_text())]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
