"""Who gets what from every route: pages, API, files and admin, against a declared table.

A new route fails until `route_table.txt` declares it; `python -m pytest tests/site/test_routes.py` prints the rows that
are missing or wrong, and every row is a decision to review.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import transaction

from accounts.models import ApiToken
from jobs.live.routing import router
from jobs.models import Job
from tests.site.routes import HOME, IDENTITIES, World, build, declared, routes

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST")
REVOKE_THIS_TOKEN = "api/v1/auth/tokens/revoke/"
"""What every token may do."""
API_METHODS = ("GET", "POST", "PATCH", "DELETE")


def methods(route: str) -> tuple[str, ...]:
    return API_METHODS if route.startswith("api/") else METHODS


def test_every_route_is_declared() -> None:
    wanted = {(route, method) for route in routes() for method in methods(route)}
    assert sorted(wanted ^ set(declared())) == []


class Undo(Exception):
    """Rolls a request back."""


def status(world: World, path: str, method: str, identity: str) -> str:
    """The status of one request, which leaves nothing behind."""
    found = ""
    try:
        with transaction.atomic():
            response = world.client(identity).generic(method, path)
            found = str(response.status_code)
            raise Undo
    except Undo:
        return found


@pytest.mark.slow  # some 2,000 requests
@pytest.mark.timeout(1200)
def test_every_route_answers_each_identity_as_declared(
    submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.core.storage.delete_tree", lambda folder: None)  # a rollback brings no file back
    world, table, wrong = build(submit(), submit()), declared(), []
    for route in routes():
        for method in methods(route):
            cache.clear()
            found = tuple(status(world, world.path(route), method, identity) for identity in IDENTITIES)
            if table.get((route, method)) != found:
                wrong.append(f"{route or HOME:<80} {method:<6} {' '.join(found)}")
    assert wrong == [], "\n" + "\n".join(wrong)


@pytest.mark.slow  # some 300 requests
@pytest.mark.timeout(900)
def test_a_token_that_may_only_read_changes_nothing(
    submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets what a token that may write gets for GET, and 403 for every change, except where no token is needed."""
    monkeypatch.setattr("jobs.core.storage.delete_tree", lambda folder: None)
    world, table = build(submit(), submit()), declared()
    paths = {route: world.path(route) for route in routes() if route.startswith("api/")}
    world.token = ApiToken.objects.create(user=world.users["owner"], scope=ApiToken.Scope.READ)[1]
    wrong = []
    for route, path in paths.items():
        for method in API_METHODS:
            cache.clear()
            found = status(world, path, method, "token")
            full, anonymous = (table[(route, method)][IDENTITIES.index(name)] for name in ("token", "anonymous"))
            may = method == "GET" or anonymous == full or route == REVOKE_THIS_TOKEN
            allowed = {full} if may else {"403", "405"}
            if found not in allowed:
                wrong.append(f"{route:<80} {method:<6} {found} instead of {allowed}")
    assert wrong == [], "\n" + "\n".join(wrong)


def test_no_declared_answer_is_a_server_error() -> None:
    rows = [row for row, statuses in declared().items() if any(status.startswith("5") for status in statuses)]
    assert {route for route, _ in rows} == {"readyz"}  # no worker runs in this test


def test_a_stranger_gets_nothing_of_a_private_job() -> None:
    """Neither its pages nor its files nor its API, by any method; the same for a suspended person and nobody at all."""
    private = [
        (route, method, dict(zip(IDENTITIES, statuses, strict=True)))
        for (route, method), statuses in declared().items()
        if "<uuid:job_id>" in route or "<uuid:pk>" in route or "<uuid:collection_id>" in route
        if "explore/" not in route and not route.startswith(("admin/", "c/"))
    ]
    assert len(private) > 30
    for route, method, statuses in private:
        assert statuses["stranger"] in ("404", "405"), (route, method)
        for nobody in ("anonymous", "suspended", "revoked"):
            assert statuses[nobody] in ("302", "401", "403", "405"), (route, method, nobody)


def test_the_admin_is_for_staff_alone() -> None:
    admin = [(row, statuses) for row, statuses in declared().items() if row[0].startswith("admin/")]
    assert len(admin) > 50
    for row, statuses in admin:
        of = dict(zip(IDENTITIES, statuses, strict=True))
        assert {of[name] for name in ("anonymous", "owner", "stranger", "suspended", "token", "revoked")} <= {
            "302",
            "405",
        }, row


def test_every_socket_is_known() -> None:
    """Who gets what from it is in tests/jobs/live."""
    assert [str(route.pattern) for route in router.routes] == ["ws/jobs/<uuid:job_id>/", ""]
