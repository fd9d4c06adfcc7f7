"""The phone app without its packages: the addresses that it calls exist, and its lock file names no host."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "clients" / "mobile"


def sources() -> list[Path]:
    return [path for path in (APP / "src").rglob("*.ts*") if ".test." not in path.name]


def test_every_address_is_in_the_description_of_the_api() -> None:
    described = set(re.findall(r"^  (/api/v1/\S+):$", (ROOT / "docs/openapi.yaml").read_text(), re.MULTILINE))
    called = {path for file in sources() for path in re.findall(r'"(/api/v1/[^"]*)"', file.read_text())}
    assert len(called) > 8
    assert called - described == set()


def exports(file: Path) -> set[str]:
    return set(re.findall(r"export (?:async )?(?:function|const) (\w+)", file.read_text()))


def test_every_file_of_the_phone_that_a_browser_replaces_has_the_same_functions() -> None:
    for web in (APP / "src").rglob("*.web.ts"):
        native = web.with_name(web.name.replace(".web.", "."))
        assert exports(web) == exports(native) != set(), web.name


def test_the_lock_file_names_no_host_and_the_versions_of_the_manifest() -> None:
    text = (APP / "package-lock.json").read_text()
    lock, manifest = json.loads(text), json.loads((APP / "package.json").read_text())
    assert '"resolved"' not in text
    for kind in ("dependencies", "devDependencies"):
        assert lock["packages"][""][kind] == manifest[kind]
