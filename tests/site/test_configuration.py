"""docs/configuration.md names every setting, with the default that the code has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([A-Z_0-9]+)` \| ([^|]+) \|", re.MULTILINE)
OUTSIDE_SETTINGS = {"BIND", "TRIPOSR_PRECISION"}
"""Read by Procfile or by `ml`, which knows no Django settings."""
NOT_FOR_OPERATORS = {"TEST_DATABASE_NAME"}


def documented(page: str) -> dict[str, str]:
    """Name and default of every setting in the tables of a page."""
    return {name: default.strip() for name, default in ROW.findall((ROOT / page).read_text())}


def read_by_settings() -> dict[str, str | None]:
    """Name and literal default of every variable that settings.py reads; None where the default is computed."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse((ROOT / "reconsite" / "settings.py").read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env.") and len(node.args) == 2:
            name, default = node.args
            if isinstance(name, ast.Constant):
                found[str(name.value)] = as_documented(default)
    return found


def as_documented(default: ast.expr) -> str | None:
    """The default as the tables write it; None for one that is computed, or empty."""
    if not isinstance(default, ast.Constant) or default.value == "":
        return None
    if isinstance(default.value, bool):
        return "on" if default.value else "off"
    return f"`{default.value:g}`" if isinstance(default.value, float) else f"`{default.value!s}`"


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert set(documented("docs/configuration.md")) == set(read_by_settings()) - NOT_FOR_OPERATORS | OUTSIDE_SETTINGS


@pytest.mark.parametrize("name", sorted(name for name, default in read_by_settings().items() if default))
def test_the_documented_default_is_the_default(name: str) -> None:
    if name == "SSL_REDIRECT":  # counts only with https
        assert documented("docs/configuration.md")[name] == "on with https"
    else:
        assert documented("docs/configuration.md")[name] == read_by_settings()[name]


def test_the_readme_repeats_no_setting_with_another_default() -> None:
    short, full = documented("README.md"), documented("docs/configuration.md")
    assert set(short) <= set(full)
    assert all(short[name] == full[name] for name in ("SITE_URL", "WEB_PORT", "QUOTA_MB"))
