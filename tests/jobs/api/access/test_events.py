"""Streams of all jobs, and tickets: everyone's own."""

from __future__ import annotations

import pytest

from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

TABLE = """
#              owner stranger anonymous staff suspended read_only
events_stream  200   200      401       200   401       200
# a ticket only opens a socket, on which nothing can be changed; but it is made by a POST
events_ticket  201   201      401       201   401       403
"""


def test_who_follows_jobs(callers: Callers) -> None:
    callers.check(TABLE)
