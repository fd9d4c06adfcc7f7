"""A token that may only read changes nothing, whatever the route; a new route is covered without being named here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import ApiToken
from jobs.models import Job
from tests.site.routes import build, routes

pytestmark = pytest.mark.django_db

PUBLIC = ("api/v1/auth/", "api/v1/explore/", "api/v1/links/", "api/v1/schema/", "api/v1/docs/", "api/v1/server/")
"""What needs no token at all, and revoking the token itself."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def test_a_read_only_token_changes_nothing(submit: Callable[..., Job]) -> None:
    world = build(submit(), submit())
    ApiToken.objects.update(scope=ApiToken.Scope.READ)
    client = world.client("token")
    private = [route for route in routes() if route.startswith("api/v1/") and not route.startswith(PUBLIC)]
    found = {
        (route, method): client.generic(method, world.path(route), content_type="application/json").status_code
        for route in private
        for method in UNSAFE
    }
    assert len(private) > 25
    assert {row: status for row, status in found.items() if status not in (403, 405)} == {}
    assert sum(status == 403 for status in found.values()) > 25
