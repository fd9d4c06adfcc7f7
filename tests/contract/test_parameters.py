"""Every operation rejects a query parameter that it does not declare, and knows those that it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache

from accounts.models import User
from jobs.api.examples import METHODS
from tests.conftest import api_of

pytestmark = pytest.mark.django_db

ANY_ID = UUID(int=1)
"""Parameters are checked before a row is looked for."""


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Method, path and declared query parameters."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                parameters = operation.get("parameters", [])
                yield method, path, {one["name"] for one in parameters if one["in"] == "query"}


def _unknown(user: User, method: str, path: str, names: set[str]) -> set[str | None]:
    """The parameters that a request is rejected for."""
    cache.clear()  # else the limits of the public operations are reached
    query = "&".join(f"{name}=" for name in sorted(names))
    filled = re.sub(r"{[^}]+}", str(ANY_ID), path.replace("{name}", "mesh.glb"))
    response = api_of(user).generic(method, f"{filled}?{query}")
    if response.status_code != 400:
        return set()
    return {error["attr"] for error in response.json()["errors"] if error["code"] == "unknown_parameter"}


def test_an_unknown_parameter_is_rejected_everywhere(description: dict[str, Any], owner: User) -> None:
    operations = list(_operations(description))
    assert len(operations) > 70
    ignored = [
        (method, path) for method, path, _ in operations if _unknown(owner, method, path, {"colour"}) != {"colour"}
    ]
    assert ignored == []


def test_a_declared_parameter_is_known(description: dict[str, Any], owner: User) -> None:
    declaring = [operation for operation in _operations(description) if operation[2]]
    assert len(declaring) > 12
    for method, path, names in declaring:
        assert _unknown(owner, method, path, names) == set(), (method, path)


def test_without_access_nobody_learns_the_parameters(db: None) -> None:
    assert api_of(None).get("/api/v1/jobs/?colour=red").status_code == 401
