"""Published models: everyone's; a private one is nobody's, its owner's neither."""

from __future__ import annotations

import pytest

from tests.jobs.api.access.callers import Callers, rows
from tests.site.routes import World

pytestmark = pytest.mark.django_db

# A suspended person's token is not accepted anywhere; without it they are as anonymous as anybody else.
TABLE = """
#                      owner stranger anonymous staff suspended read_only
explore_list           200   200      200       200   401       200
explore_retrieve       200   200      200       200   401       200
explore_files          200   200      200       200   401       200
explore_file_download  200   200      200       200   401       200
explore_archive        200   200      200       200   401       200
explore_report         201   201      201       201   401       201
"""
REPORT = {"explore_report": {"reason": "other", "text": "Rude."}}


def test_who_gets_what_of_a_published_model(callers: Callers, world: World) -> None:
    published = {name: {"id": str(world.published.pk)} for name in rows(TABLE)}
    callers.check(TABLE, REPORT, published)


def test_a_private_model_is_not_there(callers: Callers) -> None:
    hidden = "\n".join(f"{name} 404 404 404 404 401 404" for name in rows(TABLE) if name != "explore_list")
    callers.check(hidden, REPORT)
