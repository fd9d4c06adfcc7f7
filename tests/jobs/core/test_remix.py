"""A remix: another result from a finished job's scene, without photos of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from jobs.core import access, artifacts, moderation, services
from jobs.models import Artifact, Job, State
from ml import files
from ml.recipe import Recipe
from reconsite.core.errors import Rejected
from tests.conftest import in_state, stored_files, with_files

pytestmark = pytest.mark.django_db

SOURCE = (files.SCENE, files.INPUT, files.REPORT, files.CUTOUT)


@pytest.fixture
def parent(submit: Callable[..., Job]) -> Job:
    """A finished job that still has its scene."""
    return with_files(submit(engine="compact", foreground_ratio=0.7), *SOURCE)


def rejection(call: Callable[[], object]) -> str:
    """The code with which a call is rejected."""
    with pytest.raises(Rejected) as rejected:
        call()
    return rejected.value.code


def test_a_remix_is_queued_with_the_new_choices_and_those_of_its_scene(parent: Job) -> None:
    child = services.remix(parent, Recipe(quality="high", engine="triposr", height_mm=42.0)).job
    assert (child.parent, child.owner, child.title, child.state) == (parent, parent.owner, "Lamp", State.QUEUED)
    recipe = child.recipe_object()
    assert (recipe.quality, recipe.height_mm, recipe.engine, recipe.foreground_ratio) == ("high", 42.0, "compact", 0.7)
    assert not child.photos.exists()
    assert not any(str(child.pk) in name for name in stored_files())


def test_the_same_key_returns_the_same_remix(parent: Job) -> None:
    first, again = (services.remix(parent, Recipe(), "k") for _ in range(2))
    assert (first.job, first.created, again.created) == (again.job, True, False)
    assert rejection(lambda: services.remix(parent, Recipe(quality="high"), "k")) == "idempotency_conflict"


def test_the_key_of_a_submit_cannot_be_reused_for_a_remix(submit: Callable[..., Job], parent: Job) -> None:
    submit(key="k")
    assert rejection(lambda: services.remix(parent, parent.recipe_object(), "k")) == "idempotency_conflict"


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED, State.CANCELLED])
def test_only_a_finished_job_can_be_remixed(job: Job, state: State) -> None:
    assert rejection(lambda: services.remix(in_state(job, state), Recipe())) == "wrong_state"


def test_a_job_without_its_scene_cannot_be_remixed(parent: Job) -> None:
    scene = parent.artifacts.get(name=files.SCENE)
    scene.file.delete(save=False)
    Artifact.objects.filter(pk=scene.pk).update(file=f"jobs/{parent.pk}/run/{files.SCENE}")
    assert rejection(lambda: services.remix(parent, Recipe())) == "source_missing"
    scene.delete()
    assert rejection(lambda: services.remix(parent, Recipe())) == "source_missing"


def test_a_remix_counts_as_an_active_job(parent: Job, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    services.remix(parent, Recipe())
    assert rejection(lambda: services.remix(parent, Recipe())) == "too_many_active"


def test_a_remix_is_rejected_when_the_quota_is_full(parent: Job) -> None:
    parent.owner.quota_mb = 1
    parent.owner.save()
    Job.objects.filter(pk=parent.pk).update(size=2**21)
    assert rejection(lambda: services.remix(parent, Recipe())) == "quota_exceeded"


def test_a_failed_remix_cannot_be_retried_without_its_parent(parent: Job) -> None:
    child = in_state(services.remix(parent, Recipe()).job, State.FAILED)
    services.delete(parent.pk)
    child.refresh_from_db()
    assert rejection(lambda: services.retry(child)) == "source_missing"
    assert child.state == State.FAILED


def test_hiding_a_model_hides_what_was_made_from_it(parent: Job, staff: User) -> None:
    child = with_files(services.remix(parent, Recipe()).job, *SOURCE)
    grandchild = in_state(services.remix(child, Recipe()).job, State.CANCELLED)
    before = services.remix(parent, Recipe()).job
    moderation.hide(staff, before, "Another reason.")
    moderation.hide(staff, parent, "Rude.")
    assert not access.jobs_of(parent.owner).exists()
    assert rejection(lambda: services.retry(grandchild)) == "source_missing"
    moderation.unhide(staff, parent, "A mistake.")
    assert set(access.jobs_of(parent.owner)) == {parent, child, grandchild}


def test_a_hidden_parent_is_no_source(parent: Job, staff: User, tmp_path: Path) -> None:
    artifacts.copy_source(parent, tmp_path)
    moderation.hide(staff, parent, "Rude.")
    assert rejection(lambda: services.remix(parent, Recipe())) == "source_missing"
    with pytest.raises(FileNotFoundError, match="hidden"):
        artifacts.copy_source(parent, tmp_path)
