"""Tokens: everyone's own; one that may only read can still end itself."""

from __future__ import annotations

import pytest

from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

TABLE = """
#                      owner stranger anonymous staff suspended read_only
account_tokens_list    200   200      401       200   401       200
account_tokens_create  201   201      401       201   401       403
account_tokens_revoke  204   404      401       404   401       403
auth_tokens_revoke     204   204      401       204   401       204
"""


def test_who_gets_what_of_a_token(callers: Callers) -> None:
    callers.check(TABLE, {"account_tokens_create": {"name": "printer"}})
