"""Clients that generators make from docs/openapi.yaml, without a warning, against the real web process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.models import ApiToken, User
from jobs.models import Job
from scripts.preflight import ROOT
from tests.browser.finished import web_alone
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HERE = Path(__file__).parent
NODE = str(ROOT / "scripts/node.sh")


@pytest.fixture
def server(owner: User, photo: bytes, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the drivers need to know."""
    (tmp_path / "lamp.png").write_bytes(photo)
    hashed = PBKDF2PasswordHasher().encode(PASSWORD, "a-salt-of-the-test")  # the web process has the real hashers
    User.objects.filter(pk=owner.pk).update(password=hashed)
    with web_alone(DEBUG="0") as address:
        yield {"SERVER": address, "EMAIL": owner.email, "PASSWORD": PASSWORD, "PHOTO": str(tmp_path / "lamp.png")}


def run(*command: str, **environment: str) -> str:
    """What the command prints. It has to succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the generator looks for ruff there
    env = os.environ | {"PATH": path} | environment
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_openapi_python_client_makes_a_client_that_works(server: dict[str, str], tmp_path: Path) -> None:
    made = tmp_path / "made"
    config = "--config=clients/openapi-python-client.yaml"
    output = run("openapi-python-client", "generate", "--path=docs/openapi.yaml", config, f"--output-path={made}")
    assert output.strip() == f"Generating {made}", "a warning"
    modules = run(sys.executable, str(HERE / "drive_generated.py"), str(made), *server.values())
    assert int(modules.split()[0]) > 100
    assert not Job.objects.visible().exists()


def test_openapi_typescript_makes_types_that_work(server: dict[str, str], tmp_path: Path) -> None:
    output = run(NODE, "npm", "--prefix", "clients/typescript", "run", "check", "--silent")
    assert "warn" not in output.lower()
    run(NODE, "npx", "tsc", "--noEmit")
    bundle = tmp_path / "drive.mjs"
    options = ("--bundle", "--platform=node", "--format=esm", f"--outfile={bundle}")
    run(NODE, "npx", "esbuild", str(HERE / "drive_typescript.ts"), *options)
    run(NODE, "node", str(bundle), **server)
    assert not Job.objects.visible().exists()
    assert not ApiToken.objects.exists()
