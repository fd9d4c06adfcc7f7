"""The pipeline works without a network, and nothing in it tries to reach one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scripts import offline
from scripts.ensure_chromium import find_chromium
from scripts.preflight import ROOT

WORKER = "tests/jobs/work/test_real_worker.py::test_a_photo_becomes_every_result_file"
"""The whole pipeline on a real worker, with Redis."""
JOURNEY = "tests/browser/test_whole_way.py::test_from_a_photo_to_a_revoked_link[desk-dark]"
"""From sign-up to a shared model."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """The command without a network; skips the test where that is not possible."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.offline", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == offline.SKIPPED:
        pytest.skip(done.stderr.strip())
    return done


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_attempt_to_leave_is_noticed(address: str) -> None:
    family = "AF_INET6" if ":" in address else "AF_INET"
    code = f"import socket; socket.socket(socket.{family}).connect_ex(('{address}', 80))"
    done = run(sys.executable, "-c", code)
    assert (done.returncode, "attempts to reach" in done.stderr) == (1, True)


def test_staying_on_the_machine_is_no_attempt() -> None:
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    assert run(sys.executable, "-c", code).returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_pipeline_on_a_worker_reaches_for_nothing_outside() -> None:
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", WORKER)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(1200)
def test_the_journey_through_the_browser_reaches_for_nothing_outside() -> None:
    """Site, worker and chromium have no network; tests/browser/conftest.py refuses requests of pages to other hosts."""
    if find_chromium() is None:
        pytest.skip("NO CHROMIUM")
    done = run(offline.IPV4, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", JOURNEY)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
