"""Who gets what from each operation of the API: six callers with tokens of their own, and a table per resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from jobs.api.examples import METHODS
from jobs.models import Job
from tests.site.routes import World

CALLERS = ("owner", "stranger", "anonymous", "staff", "suspended", "read_only")
"""The columns of a table. `read_only` is a token of the owner without the scope `write`; `staff` is a moderator."""


class Undo(Exception):
    """Rolls a request back."""


@dataclass(frozen=True)
class Callers:
    """The six of them, and what the operations are about."""

    description: dict[str, Any]
    clients: dict[str, APIClient]
    values: dict[str, str]

    def check(
        self,
        table: str,
        bodies: Mapping[str, Any] | None = None,
        values: Mapping[str, Mapping[str, str]] | None = None,
        **formats: str,
    ) -> None:
        """Try each row of a table: an operation id and the status for each caller.

        `bodies` are those of the operations that need one, `values` fill in paths otherwise than for the rest, and
        `formats` are of bodies that are not JSON.
        """
        wrong = []
        for name, declared in rows(table).items():
            method, path = self._address(name, (values or {}).get(name, {}))
            body, kind = (bodies or {}).get(name), formats.get(name, "json")
            found = tuple(self._status(caller, method, path, body, kind) for caller in CALLERS)
            if found != declared:
                wrong.append(f"{name} {' '.join(found)}")
        assert wrong == [], "\n" + "\n".join(wrong)

    def _address(self, name: str, values: Mapping[str, str]) -> tuple[str, str]:
        method, path = next((method, path) for known, method, path in operations(self.description) if known == name)
        filled = {**self.values, **values}
        return method, re.sub(r"{(\w+)}", lambda match: filled[match[1]], path)

    def _status(self, caller: str, method: str, path: str, body: Any, kind: str) -> str:
        """The status of one request, which leaves nothing behind."""
        cache.clear()  # each row is tried without the limits that the rows before have used up
        found = ""
        try:
            with transaction.atomic():
                made = body() if callable(body) else body
                found = str(getattr(self.clients[caller], method)(path, made, format=kind).status_code)
                raise Undo
        except Undo:
            return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Operation id, method and path of all operations."""
    for path, methods in description["paths"].items():
        for method in METHODS & set(methods):
            yield methods[method]["operationId"], method, path


def rows(table: str) -> dict[str, tuple[str, ...]]:
    """The statuses by operation id."""
    lines = [line.split() for line in table.strip().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line[0]: tuple(line[1:]) for line in lines}


def clients(world: World) -> dict[str, APIClient]:
    """A client for each caller, as a program would be: by token."""
    people = {name: world.users[name] for name in ("owner", "stranger", "suspended")}
    people |= {"staff": world.users["moderator"], "read_only": world.users["owner"]}
    found = {name: _client(user, name) for name, user in people.items()} | {"anonymous": APIClient()}
    User.objects.filter(pk=world.users["suspended"].pk).update(is_active=False)
    return found


def _client(user: User, name: str) -> APIClient:
    scope = ApiToken.Scope.READ if name == "read_only" else ApiToken.Scope.WRITE
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.objects.create(user=user, scope=scope)[1]}")
    return client


def path_values(world: World, job: Job) -> dict[str, str]:
    """What stands in paths, unless a table says otherwise; everything of the owner has the id of the finished job."""
    one = str(job.pk)
    token = ApiToken.objects.filter(user=world.users["owner"]).order_by("created").first()
    assert token is not None
    return {"id": one, "job_id": one, "delivery_id": one, "name": "mesh.glb", "token_key": token.token_key}
