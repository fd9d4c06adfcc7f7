"""Versions of one model: remixes, and the model made again."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import User
from jobs.core import access, services
from jobs.models import Job
from ml.recipe import Recipe
from tests.jobs.models import create_models, finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(submit: Callable[..., Job]) -> Job:
    """A finished lamp."""
    return finish(submit(title="Lamp"))


def again(model: Job, photo: bytes, title: str = "") -> Job:
    return services.submit(model.owner, [(photo, "photo.png")], Recipe(quality="draft"), title=title, again=model).job


def test_a_new_model_is_the_first_version_of_its_own_family(submit: Callable[..., Job], model: Job) -> None:
    other = submit()
    assert (model.version, other.version) == (1, 1)
    assert model.family != other.family


def test_remixes_and_repetitions_count_on(model: Job, photo: bytes) -> None:
    second = finish(services.remix(model, Recipe()).job)
    third = again(second, photo)
    fourth = services.remix(model, Recipe()).job
    assert [job.version for job in (second, third, fourth)] == [2, 3, 4]
    assert list(access.versions_of(third)) == [model, second, third, fourth]


def test_a_model_that_is_made_again_keeps_its_title(model: Job, photo: bytes) -> None:
    assert again(model, photo).title == "Lamp"
    assert again(model, photo, title="Night lamp").title == "Night lamp"


def test_a_number_is_not_given_twice(model: Job, photo: bytes) -> None:
    again(model, photo)
    services.delete(again(model, photo).pk)
    third = again(model, photo)
    assert third.version == 3
    assert [job.version for job in access.versions_of(model)] == [1, 2, 3]


def test_a_deleted_version_is_not_listed(model: Job, photo: bytes) -> None:
    second = again(model, photo)
    services.delete(second.pk)
    assert list(access.versions_of(model)) == [model]


def test_the_migration_links_remixes_and_numbers_them(owner: User) -> None:
    create_models(owner, 4)
    newest, third, second, first = Job.objects.order_by("-created_at")
    Job.objects.filter(pk=second.pk).update(parent=first)
    Job.objects.filter(pk=newest.pk).update(parent=second)
    migration = import_module("jobs.migrations.0020_versions")
    migration.number_versions(apps, None)
    rows = {job.pk: job for job in Job.objects.all()}
    assert len({rows[job.pk].family for job in (first, second, newest)}) == 1
    assert [rows[job.pk].version for job in (first, second, newest)] == [1, 2, 3]
    assert rows[third.pk].version == 1
    assert rows[third.pk].family != rows[first.pk].family
