"""Requests generated from the OpenAPI description, against the real web process: no server error, no broken promise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.core import tokens
from accounts.models import User
from jobs.core import sharing
from jobs.models import Job
from tests.browser.finished import web_alone
from tests.jobs.models import finish
from tests.site.test_docs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
REVOKE = "auth_tokens_revoke"
"""Ends the token that it is sent with, so it is tried alone, with a token of its own."""
RATES = {
    f"{name}_RATE": "100000/min" for name in ("SUBMIT", "CUTOUT", "UPLOAD", "REPORT", "SHARE", "SIGN_IN", "ACCOUNT")
} | {"DEBUG": "0", "EVENT_STREAM_SECONDS": "0.2"}


def test_generated_requests_keep_to_the_description(submit: Callable[..., Job], tmp_path: Path) -> None:
    """EXAMPLES=n for more than the few of each operation that CI tries."""
    job = finish(submit())
    sharing.publish(job)
    with web_alone(**RATES) as address:
        others = schemathesis(address, job.owner, tmp_path, f"--exclude-operation-id={REVOKE}")
        alone = schemathesis(address, job.owner, tmp_path, f"--include-operation-id={REVOKE}")
    for done in (others, alone):
        print(done.stdout)
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


def schemathesis(address: str, user: User, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The requests of one run, by a new token of `user`."""
    token = tokens.create(user, f"run {options}", never_expires=True)[1]
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
        *options,
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.contract.generator_hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=os.environ | hooks, capture_output=True, text=True)
