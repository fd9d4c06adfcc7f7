"""The walk-through of docs/api.md works as it is printed there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.models import ApiToken, User
from jobs.models import Job
from tests.browser.finished import web_alone
from tests.conftest import PASSWORD
from tests.site.test_docs import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_walk_through_works_as_printed(owner: User, photo: bytes, tmp_path: Path) -> None:
    found = re.search(r"## Walk-through.*?```sh\n(.*?)```", (ROOT / "docs/api.md").read_text(), re.DOTALL)
    assert found
    (tmp_path / "lamp.png").write_bytes(photo)
    hashed = PBKDF2PasswordHasher().encode(PASSWORD, "a-salt-of-the-test")  # the web process has the real hashers
    User.objects.filter(pk=owner.pk).update(password=hashed)
    with web_alone(DEBUG="0") as address:
        values = {"SERVER": address, "EMAIL": owner.email, "PASSWORD": PASSWORD, "PHOTO": str(tmp_path / "lamp.png")}
        script = ["bash", "-euo", "pipefail", "-c", found[1]]
        done = subprocess.run(script, env=os.environ | values, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == '{"state":"queued","progress":0.0,"eta_seconds":null}'
    assert [lines[2], *lines[4:]] == ["Red lamp", "unknown_parameter", "cancelled"]
    assert not Job.objects.exists()
    assert not ApiToken.objects.exists()
