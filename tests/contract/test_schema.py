"""Requests generated from the OpenAPI description, against the real web process: no server error, no broken promise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.core import tokens
from jobs.core import sharing
from jobs.models import Job
from tests.browser.finished import web_alone
from tests.jobs.models import finish

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXCLUDED = (
    "events_stream",  # never ends
    "jobs_events",
    "auth_tokens_revoke",  # would end the token that the other requests need
)
RATES = {
    f"{name}_RATE": "100000/min" for name in ("SUBMIT", "CUTOUT", "UPLOAD", "REPORT", "SHARE", "SIGN_IN", "ACCOUNT")
} | {"DEBUG": "0"}


def test_generated_requests_keep_to_the_description(submit: Callable[..., Job], tmp_path: Path) -> None:
    """EXAMPLES=n for more than the few of each operation that CI tries."""
    job = finish(submit())
    sharing.publish(job)
    token = tokens.create(job.owner, "schemathesis", never_expires=True)[1]
    with web_alone(**RATES) as address:
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            "--no-color",
            "run",
            f"{address}/api/v1/schema/",
            f"--header=Authorization: Bearer {token}",
            f"--checks={CHECKS}",
            f"--max-examples={os.environ.get('EXAMPLES', '5')}",
            f"--phases={os.environ.get('PHASES', 'examples,coverage,fuzzing,stateful')}",
            "--request-timeout=30",
            "--seed=1",
            "--generation-database=none",
            "--continue-on-failure",
            "--warnings=off",
            *(f"--exclude-operation-id={name}" for name in EXCLUDED),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
