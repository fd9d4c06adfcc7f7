"""Collections: the owner's alone; visitors use the page of its link."""

from __future__ import annotations

import pytest

from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

TABLE = """
#                        owner stranger anonymous staff suspended read_only
collections_list         200   200      401       200   401       200
collections_create       201   201      401       201   401       403
collections_retrieve     200   404      401       404   401       200
collections_update       200   404      401       404   401       403
collections_delete       204   404      401       404   401       403
collections_jobs         200   404      401       404   401       403
collections_jobs_update  200   404      401       404   401       403
collections_jobs_delete  204   404      401       404   401       403
collections_order        200   404      401       404   401       403
"""


def test_who_gets_what_of_a_collection(callers: Callers) -> None:
    jobs = {"jobs": [callers.values["job_id"]]}
    bodies = {
        "collections_create": {"title": "Kitchen"},
        "collections_update": {"title": "Other"},
        "collections_jobs": jobs,
        "collections_jobs_update": {"follows_collection": False},
        "collections_order": jobs,
    }
    callers.check(TABLE, bodies)


def test_the_lists_of_others_do_not_show_it(callers: Callers) -> None:
    counts = {
        caller: callers.clients[caller].get("/api/v1/collections/").data["count"] for caller in ("stranger", "staff")
    }
    assert counts == {"stranger": 0, "staff": 0}
