"""What the upload page and its script are given."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from jobs.core import worker_heartbeat
from jobs.models import Job
from jobs.pages.submit_form import SubmitForm
from jobs.pages.upload import upload_context
from ml.engine_registry import engine_names
from ml.recipe import MAX_PHOTOS, QUALITIES

pytestmark = pytest.mark.django_db


def test_the_data_for_the_script_is_plain_json() -> None:
    data = upload_context(SubmitForm(), error_messages=[])["upload_data"]
    assert json.loads(json.dumps(data))["max_photos"] == MAX_PHOTOS


def test_there_is_an_estimate_for_each_engine_and_quality() -> None:
    estimates = upload_context(SubmitForm(), error_messages=[])["upload_data"]["estimates"]
    assert {engine: set(seconds) for engine, seconds in estimates.items()} == {
        engine: set(QUALITIES) for engine in engine_names()
    }


def test_each_quality_has_a_time_before_the_first_job() -> None:
    context = upload_context(SubmitForm(), error_messages=[])
    assert all(quality["seconds"] > 0 for quality in context["qualities"])
    assert context["times_learned"] is False


def test_queue_and_worker_are_reported(job: Job) -> None:
    context = upload_context(SubmitForm(), error_messages=[])
    assert (context["queue_length"], context["worker_online"]) == (1, False)
    worker_heartbeat.record("w")
    assert upload_context(SubmitForm(), error_messages=[])["worker_online"] is True


@pytest.mark.parametrize(("sides", "side"), [((), None), (("back",), "back"), ((170.0,), None)])
def test_the_photos_of_an_earlier_job_come_with_their_sides(
    submit: Callable[..., Job], sides: tuple[str | float, ...], side: str | None
) -> None:
    earlier = submit(sides=sides)
    (photo,) = upload_context(SubmitForm(), earlier=earlier, error_messages=[])["upload_data"]["earlier"]
    assert photo == {"url": f"/jobs/{earlier.pk}/photos/0/", "name": "lamp.png", "side": side, "subject": None}


def test_the_chosen_point_of_an_earlier_job_is_kept(submit: Callable[..., Job]) -> None:
    earlier = submit(subject=(0.25, 0.5))
    (photo,) = upload_context(SubmitForm(), earlier=earlier, error_messages=[])["upload_data"]["earlier"]
    assert photo["subject"] == (0.25, 0.5)
