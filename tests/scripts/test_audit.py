"""Known vulnerabilities fail the check; data that cannot be reached does not, and is named."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from scripts import audit

SOUND: dict[str, Any] = {"name": "django", "version": "5.2.19", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found"}
UNSOUND = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}


def test_a_known_vulnerability_is_reported_with_its_fix() -> None:
    message, is_bad = audit.verdict([SOUND, UNSOUND, SKIPPED])
    assert message == ("x 1: PYSEC-1 (fixed in 1.1)\n2 packages audited, 1 without data, 1 with known vulnerabilities.")
    assert is_bad


def test_sound_packages_pass() -> None:
    assert audit.verdict([SOUND]) == ("1 packages audited, 0 without data, 0 with known vulnerabilities.", False)


@pytest.mark.parametrize("found", [None, [], [SKIPPED]])
def test_data_that_cannot_be_reached_is_named(found: list[dict[str, Any]] | None) -> None:
    message, is_bad = audit.verdict(found)
    assert message.startswith("NOT AUDITED")
    assert not is_bad


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "{}"])
def test_odd_output_counts_as_no_data(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 1, output, "no network")
    monkeypatch.setattr(subprocess, "run", lambda *args, **named: done)
    assert audit.report() is None
