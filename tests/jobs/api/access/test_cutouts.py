"""Cutouts: the owner's alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from jobs.core import cutouts, storage
from tests.conftest import encoded
from tests.jobs.api.access.callers import Callers
from tests.site.routes import World

pytestmark = pytest.mark.django_db

TABLE = """
#                 owner stranger anonymous staff suspended read_only
# without a photo: making a cutout would take a second of both cores
cutouts_create    400   400      401       400   401       403
cutouts_retrieve  200   404      401       404   401       200
cutouts_picture   200   404      401       404   401       200
cutouts_photo     200   404      401       404   401       200
cutouts_mask      200   404      401       404   401       403
cutouts_delete    204   404      401       404   401       403
"""
SIZE = (64, 64)


def mask() -> dict[str, Any]:
    return {"mask": SimpleUploadedFile("mask.png", encoded(Image.new("L", SIZE, 255)))}


def test_who_gets_what_of_a_cutout(callers: Callers, world: World) -> None:
    key = f"{storage.cutout_folder(world.job.pk)}/{cutouts.BACKGROUND}"
    default_storage.delete(key)
    default_storage.save(key, ContentFile(encoded(Image.new("RGB", SIZE), "JPEG")))
    callers.check(
        TABLE, {"cutouts_create": {}, "cutouts_mask": mask}, cutouts_create="multipart", cutouts_mask="multipart"
    )
