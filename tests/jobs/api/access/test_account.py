"""One's own account, and what creates or recovers one."""

from __future__ import annotations

import pytest

from tests.conftest import PASSWORD
from tests.jobs.api.access.callers import Callers

pytestmark = pytest.mark.django_db

ACCOUNT = """
#                 owner stranger anonymous staff suspended read_only
account_retrieve  200   200      401       200   401       200
account_update    200   200      401       200   401       403
account_password  204   204      401       204   401       403
account_delete    204   204      401       204   401       403
account_export    200   200      401       200   401       200
"""
# None of these looks at a token, so that a suspended person gets the same as anybody else.
AUTH = """
#                            owner stranger anonymous staff suspended read_only
auth_sign_up                 201   201      201       201   201       201
auth_email_resend            202   202      202       202   202       202
auth_email_confirm           400   400      400       400   400       400
auth_password_reset          202   202      202       202   202       202
auth_password_reset_confirm  400   400      400       400   400       400
auth_tokens_create           201   201      201       201   201       201
"""
STRANGER, SUSPENDED, NEW = "stranger@example.org", "suspended@example.org", "new@example.org"
NEW_PASSWORD = "another-long-enough-word"


def test_who_gets_what_of_an_account(callers: Callers) -> None:
    bodies = {
        "account_update": {"display_name": "Ada"},
        "account_password": {"current_password": PASSWORD, "password": NEW_PASSWORD},
        "account_delete": {"password": PASSWORD},
    }
    callers.check(ACCOUNT, bodies)


def test_everyone_may_sign_up_and_sign_in(callers: Callers) -> None:
    bodies = {
        "auth_sign_up": {"email": NEW, "password": NEW_PASSWORD},
        "auth_email_resend": {"email": STRANGER},
        "auth_email_confirm": {"key": "nonsense"},
        "auth_password_reset": {"email": STRANGER},
        "auth_password_reset_confirm": {"key": "nonsense", "password": NEW_PASSWORD},
        "auth_tokens_create": {"email": STRANGER, "password": PASSWORD},
    }
    callers.check(AUTH, bodies)


def test_a_suspended_person_does_not_sign_in(callers: Callers) -> None:
    callers.check(
        "auth_tokens_create 401 401 401 401 401 401", {"auth_tokens_create": {"email": SUSPENDED, "password": PASSWORD}}
    )
