"""The bin: the owner's alone."""

from __future__ import annotations

import pytest

from jobs.core import services
from jobs.models import Job
from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

TABLE = """
#            owner stranger anonymous staff suspended read_only
bin_list     200   200      401       200   401       200
bin_delete   204   404      401       404   401       403
bin_restore  200   404      401       404   401       403
bin_empty    204   204      401       204   401       403
"""


def test_who_gets_what_of_the_bin(callers: Callers) -> None:
    services.discard(Job.objects.get(pk=callers.values["id"]).pk)
    callers.check(TABLE)


def test_nobody_empties_the_bin_of_another(callers: Callers) -> None:
    services.discard(Job.objects.get(pk=callers.values["id"]).pk)
    for caller in ("stranger", "staff"):
        assert callers.clients[caller].get("/api/v1/bin/").data["count"] == 0
        callers.clients[caller].post("/api/v1/bin/empty/")
    assert callers.clients["owner"].get("/api/v1/bin/").data["count"] == 1
