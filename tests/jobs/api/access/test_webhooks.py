"""Webhooks and their deliveries: the owner's alone."""

from __future__ import annotations

import pytest

from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

TABLE = """
#                    owner stranger anonymous staff suspended read_only
webhooks_list        200   200      401       200   401       200
webhooks_create      201   201      401       201   401       403
webhooks_retrieve    200   404      401       404   401       200
webhooks_update      200   404      401       404   401       403
webhooks_test        202   404      401       404   401       403
webhooks_deliveries  200   404      401       404   401       200
webhooks_redeliver   202   404      401       404   401       403
webhooks_delete      204   404      401       404   401       403
"""
PUBLIC_ADDRESS = "https://9.9.9.9/"
"""Is checked without a look-up of a name."""


def test_who_gets_what_of_a_webhook(callers: Callers) -> None:
    callers.check(TABLE, {"webhooks_create": {"url": PUBLIC_ADDRESS}, "webhooks_update": {"events": ["job.failed"]}})


def test_the_lists_of_others_do_not_show_it(callers: Callers) -> None:
    assert [
        callers.clients[caller].get("/api/v1/webhooks/").data["count"] for caller in ("owner", "stranger", "staff")
    ] == [
        1,
        0,
        0,
    ]
