"""Every operation of the API is in a table."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.jobs.api.access.callers import CALLERS, operations, rows


def tables() -> list[str]:
    names = [path.stem for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name]
    modules = [vars(import_module(f"{__package__}.{name}")) for name in names]
    return [module[name] for module in modules for name in ("TABLE", "ACCOUNT", "AUTH") if name in module]


def test_every_operation_is_in_one_table(description: dict[str, Any]) -> None:
    declared = Counter(name for table in tables() for name in rows(table))
    assert declared == Counter(name for name, _, _ in operations(description))


def test_every_row_names_a_status_for_each_caller() -> None:
    assert {len(statuses) for table in tables() for statuses in rows(table).values()} == {len(CALLERS)}
