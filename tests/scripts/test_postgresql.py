"""A command gets a database server of its own, and none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from scripts import postgresql

QUERY = (
    "import os, psycopg; connection = psycopg.connect(os.environ['TEST_DATABASE_URL']);"
    "connection.autocommit = True; connection.execute('CREATE DATABASE mine'); print(connection.info.port)"
)
needs_server = pytest.mark.skipif(not postgresql.can_run(), reason="NO POSTGRESQL on this machine")


@needs_server
def test_the_command_may_create_databases_on_a_server_that_ends_with_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert postgresql.main([sys.executable, "-c", QUERY]) == 0
    port = int(capfd.readouterr().out)
    gone = subprocess.run(
        [sys.executable, "-c", QUERY],
        env={**os.environ, "TEST_DATABASE_URL": f"postgres://reconsite@127.0.0.1:{port}/postgres"},
        capture_output=True,
        check=False,
    )
    assert gone.returncode != 0


@needs_server
def test_the_status_of_the_command_is_passed_on() -> None:
    assert postgresql.main([sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_without_a_server_nothing_runs_and_a_warning_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(postgresql, "can_run", lambda: False)
    assert postgresql.main([sys.executable, "-c", "raise SystemExit(3)"]) == 0
    assert "NO POSTGRESQL" in capsys.readouterr().err
