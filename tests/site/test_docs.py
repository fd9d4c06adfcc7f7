"""What the docs refer to exists: links between pages, files and modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ml.notes import NOTES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
FILE = re.compile(r"`((?:ml|jobs|accounts|reconsite|frontend|scripts|tests|docs|templates)/[\w./-]*)`")
MODULE = re.compile(r"`(?:python -m )?((?:ml|jobs|accounts|reconsite|scripts)(?:\.(?!json\b)[a-z_]\w*)+)[^`]*`")


def exists_as_module(dotted: str) -> bool:
    """True for a module or package, and for a name that stands in one."""
    path = ROOT.joinpath(*dotted.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    holder = path.parent / "__init__.py" if path.parent.is_dir() else path.parent.with_suffix(".py")
    return holder.is_file() and re.search(rf"\b{path.name}\b", holder.read_text()) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [target for target, _ in LINK.findall(page.read_text()) if target and not (page.parent / target).exists()]
    assert missing == []


def test_the_api_page_lists_the_code_of_every_note() -> None:
    text = (ROOT / "docs/api.md").read_text()
    assert [code for code in NOTES if f"`{code}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_module_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    missing = [name for name in FILE.findall(text) if not (ROOT / name).exists() and not name.startswith("static/dist")]
    missing += [name for name in MODULE.findall(text) if not exists_as_module(name)]
    assert missing == []
