"""Each layer is ignorant of the one above it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CORE = [
    "models",
    "transitions",
    "services",
    "sharing",
    "tagging",
    "moderation",
    "search",
    "artifacts",
    "access",
]
CORE += ["queue", "photos", "storage"]
WORK = ["runner", "lease", "reconciler"]


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def starts(modules: set[str], *prefixes: str) -> set[str]:
    return {name for name in modules if any(name == p or name.startswith(p + ".") for p in prefixes)}


@pytest.mark.parametrize("path", sorted((ROOT / "ml").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_ml_knows_no_site(path: Path) -> None:
    above = ("django", "redis", "rq", "django_rq", "channels", "rest_framework", "jobs", "accounts", "reconsite")
    assert not starts(imports_of(path), *above)


def core_file(name: str) -> Path:
    """The file of a module of the core."""
    folder = "" if name == "models" else "work" if name in WORK else "core"
    return ROOT / "jobs" / folder / f"{name}.py"


@pytest.mark.parametrize("name", CORE + WORK)
def test_the_core_of_jobs_knows_no_requests_and_no_pages(name: str) -> None:
    edges = ("django.http", "django.shortcuts", "django.template", "rest_framework", "jobs.api", "jobs.views")
    assert not starts(
        imports_of(core_file(name)),
        *edges,
    )


def test_the_workers_parent_and_the_web_process_load_no_torch() -> None:
    """A fork after torch has computed hangs; and a web process has no use for its 300 MB."""
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'reconsite.settings'; django.setup();"
        "import jobs.work.worker, jobs.work.runner, jobs.urls, jobs.live.consumers, reconsite.asgi;"
        "import jobs.management.commands.worker;"
        "sys.exit('torch' in sys.modules or 'rembg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
