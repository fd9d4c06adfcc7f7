"""What the docs refer to exists: links between pages, files and modules."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from ml.notes import NOTES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ASVS_REQUIREMENTS = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7]
"""Of levels 1 and 2, by chapter."""
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


def test_the_page_about_the_asvs_has_each_requirement_of_levels_1_and_2_once() -> None:
    """Their numbers by chapter are those of ASVS 5.0.0, and the sums at the top are right."""
    text = (ROOT / "docs/asvs.md").read_text()
    rows = re.findall(r"^\| ([\d., ]+) \| [12, ]+ \| ([^|]+) \|", text, re.MULTILINE)
    status = {number: kind.strip("* ") for numbers, kind in rows for number in numbers.split(", ")}
    chapters = Counter(int(number.split(".")[0]) for number in status)
    assert [chapters[chapter] for chapter in range(1, 18)] == ASVS_REQUIREMENTS
    assert sum(len(numbers.split(", ")) for numbers, _ in rows) == len(status) == 253
    sums = dict(re.findall(r"^\| ([a-z/ ]+) \| \d+ \| \d+ \| (\d+) \|", text, re.MULTILINE))
    assert {kind: int(number) for kind, number in sums.items() if kind != "all"} == Counter(status.values())
