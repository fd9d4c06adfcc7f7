"""Signed links to files: whoever has one, as long as its creator may see the job."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.jobs.api.access.callers import Callers
from tests.site.routes import World

pytestmark = pytest.mark.django_db

TABLE = """
#                    owner stranger anonymous staff suspended read_only
links_file_download  200   200      200       200   200       200
"""


def token_of(callers: Callers) -> str:
    files = callers.clients["owner"].post(f"/api/v1/jobs/{callers.values['id']}/links/").data["files"]
    return str(files["mesh.glb"].split("/")[-2])


def test_who_gets_a_file_by_a_link(callers: Callers) -> None:
    callers.check(TABLE, values={"links_file_download": {"token": token_of(callers)}})


def test_the_link_ends_with_the_access_of_its_creator(callers: Callers, world: World) -> None:
    path = f"/api/v1/links/{token_of(callers)}/mesh.glb"
    User.objects.filter(pk=world.users["owner"].pk).update(is_active=False)
    assert Client().get(path).status_code == 404
