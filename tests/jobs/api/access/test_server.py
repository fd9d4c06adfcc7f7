"""The facts about the server: everyone's."""

from __future__ import annotations

import pytest

from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

TABLE = """
#                owner stranger anonymous staff suspended read_only
server_retrieve  200   200      200       200   401       200
"""


def test_who_gets_the_facts(callers: Callers) -> None:
    callers.check(TABLE)
