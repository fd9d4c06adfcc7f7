"""Resumable uploads: the owner's alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.jobs.api.access.callers import CALLERS, Callers, rows

pytestmark = pytest.mark.django_db

TABLE = """
#                 owner stranger anonymous staff suspended read_only
uploads_create    201   201      401       201   401       403
uploads_retrieve  200   404      401       404   401       200
uploads_update    204   404      401       404   401       403
uploads_delete    204   404      401       404   401       403
"""
PART = {"HTTP_UPLOAD_OFFSET": "0", "HTTP_UPLOAD_LENGTH": "2"}


def send_part(client: Any, upload_id: str) -> int:
    path = f"/api/v1/uploads/{upload_id}/"
    status: int = client.generic(
        "PATCH", path, b"ab", content_type="application/offset+octet-stream", **PART
    ).status_code
    return status


def test_who_gets_what_of_an_upload(callers: Callers) -> None:
    for client in callers.clients.values():
        client.defaults.update(HTTP_UPLOAD_LENGTH="2")
    table = "\n".join(line for line in TABLE.splitlines() if not line.startswith("uploads_update"))
    callers.check(table)


def test_only_the_owner_adds_a_part(callers: Callers) -> None:
    names = [caller for caller in CALLERS if caller != "owner"] + ["owner"]  # who succeeds comes last
    found = {caller: str(send_part(callers.clients[caller], callers.values["id"])) for caller in names}
    assert tuple(found[caller] for caller in CALLERS) == rows(TABLE)["uploads_update"]
