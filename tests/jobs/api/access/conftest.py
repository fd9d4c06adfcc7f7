"""The callers, and what they call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jobs.models import Job
from tests.jobs.api.access.callers import Callers, clients, path_values
from tests.site.routes import World, build


@pytest.fixture
def world(submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> World:
    """Everything that there is, of an owner; and other people."""
    monkeypatch.setattr("jobs.core.storage.delete_tree", lambda folder: None)  # a rollback brings no file back
    return build(submit(), submit())


@pytest.fixture
def callers(world: World, description: dict[str, Any]) -> Callers:
    """The callers, on the finished job and what belongs to it."""
    return Callers(description, clients(world), path_values(world, world.job))
