"""Requests generated from the OpenAPI description, against the real web process: no server error, no broken promise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from accounts.core import tokens
from accounts.models import ApiToken, User
from jobs.api.operation_links import LINKS
from jobs.core import sharing
from jobs.models import Job
from tests.browser.finished import web_alone
from tests.conftest import encoded, make_user, picture
from tests.jobs.models import finish
from tests.site.test_docs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(3000)]

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = int(os.environ.get("EXAMPLES", "5"))
FOLLOWED = "followed_links.txt"
REVOKE = "auth_tokens_revoke"
"""Ends the token that it is sent with, so it is tried alone, with a token of its own."""
RATES = {
    f"{name}_RATE": "100000/min" for name in ("SUBMIT", "CUTOUT", "UPLOAD", "REPORT", "SHARE", "SIGN_IN", "ACCOUNT")
} | {"DEBUG": "0", "EVENT_STREAM_SECONDS": "0.2", "MAX_ACTIVE_JOBS": "100000"}
MAX_CHAINS = 100
"""Of one run that follows links; it ends earlier, when the same choices meet another state of the server."""
DECLARED_LINKS = "[phases.stateful.inference]\nalgorithms = []\n"
"""Configuration of a run that follows the links of the description; else schemathesis adds many by their names."""
WHOLE = 12
"""EXAMPLES of a whole run, which has to follow most links."""


@dataclass(frozen=True)
class Run:
    """One run of schemathesis, by `user`."""

    address: str
    user: User
    folder: Path
    seed: int = 1
    photo: str = ""
    """A file: then what creates something gets a valid body."""
    finished_job: str = ""


def test_generated_requests_keep_to_the_description(submit: Callable[..., Job], tmp_path: Path) -> None:
    """EXAMPLES=12 for more than the few of each operation that CI tries."""
    job = finish(submit())
    sharing.publish(job)
    with web_alone(**RATES) as address:
        run = Run(address, job.owner, tmp_path)
        check(schemathesis(run, EXAMPLES, f"--exclude-operation-id={REVOKE}"))
        check(schemathesis(run, EXAMPLES, "--phases=examples,coverage,fuzzing", f"--include-operation-id={REVOKE}"))


def test_requests_that_follow_links_keep_to_the_description(submit: Callable[..., Job], tmp_path: Path) -> None:
    """EXAMPLES runs, each with another seed and another person."""
    photo = tmp_path / "lamp.png"
    photo.write_bytes(encoded(picture()))
    (tmp_path / "schemathesis.toml").write_text(DECLARED_LINKS)
    with web_alone(**RATES) as address:
        for seed in range(1, EXAMPLES + 1):
            job = finish(submit(make_user(f"person{seed}")))
            run = Run(address, job.owner, tmp_path, seed, str(photo), str(job.pk))
            check(schemathesis(run, MAX_CHAINS, "--phases=stateful", f"--exclude-operation-id={REVOKE}"))
    followed = {tuple(line.split()) for line in (tmp_path / FOLLOWED).read_text().splitlines()}
    declared = {(source, target) for source, (targets, _) in LINKS.items() for target in targets}
    print(f"{len(followed & declared)} of {len(declared)} links; not followed: {sorted(declared - followed)}")
    assert len(followed & declared) > len(declared) * (0.8 if EXAMPLES >= WHOLE else 0.5)


def check(done: subprocess.CompletedProcess[str]) -> None:
    """Nothing was found."""
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


def schemathesis(run: Run, examples: int, *options: str) -> subprocess.CompletedProcess[str]:
    """The requests of one run, by a new token, which still counts afterwards unless it was to be revoked."""
    row, token = tokens.create(run.user, f"run {run.seed} {options}"[:100], never_expires=True)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--no-color",
        "run",
        f"{run.address}/api/v1/schema/",
        f"--header=Authorization: Bearer {token}",
        f"--checks={CHECKS}",
        f"--max-examples={examples}",
        "--request-timeout=30",
        f"--seed={run.seed}",
        "--generation-database=none",
        "--continue-on-failure",
        "--warnings=off",
        *options,
    ]
    env = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.contract.generator_hooks",
        "PYTHONPATH": str(ROOT),
        "OWN_TOKEN": row.token_key,
        "FOLLOWED_LINKS": str(run.folder / FOLLOWED),
        "VALID_PHOTO": run.photo,
        "FINISHED_JOB": run.finished_job,
    }
    done = subprocess.run(command, cwd=run.folder, env=env, capture_output=True, text=True)
    assert ApiToken.objects.filter(pk=row.pk).exists() == (f"--include-operation-id={REVOKE}" not in options)
    return done
