"""The upload page: photos, sides, settings, and making a job again. The home page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.core import transitions
from jobs.models import Job, State
from ml.recipe import LIMITS, MAX_PHOTOS
from reconsite.core.errors import MESSAGES
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db


def send(user: User, photo: bytes, count: int = 1, as_json: bool = False, **more: Any) -> Any:
    photos = [SimpleUploadedFile(f"lamp-{index}.png", photo) for index in range(count)]
    accept = "application/json" if as_json else "text/html"
    form = {"photo": photos, "quality": "draft", **more}
    return signed_in(user).post(reverse("jobs:upload"), form, headers={"accept": accept})


def test_several_photos_keep_their_order_and_sides(owner: User, photo: bytes) -> None:
    send(owner, photo, count=3, side=["front", "auto", "back"])
    job = Job.objects.get()
    assert [photo_row.original_name for photo_row in job.photos.all()] == ["lamp-0.png", "lamp-1.png", "lamp-2.png"]
    assert job.recipe["sides"] == ["front", "auto", "back"]


def test_too_many_photos_are_rejected(owner: User, photo: bytes) -> None:
    response = send(owner, photo, count=MAX_PHOTOS + 1)
    assert response.status_code == 400
    assert not Job.objects.exists()


@pytest.mark.parametrize("as_json", [True, False])
def test_far_too_many_files_are_rejected(owner: User, as_json: bool) -> None:
    response = send(owner, b"x", count=11, as_json=as_json)
    assert response.status_code == 400
    if as_json:
        assert response.json()["errors"][0]["code"] == "too_many_photos"
    else:
        assert MESSAGES["too_many_photos"] in response.content.decode()


def test_the_script_gets_the_url_of_the_new_job(owner: User, photo: bytes) -> None:
    response = send(owner, photo, as_json=True)
    assert (response.status_code, response.json()["page"]) == (201, Job.objects.get().get_absolute_url())


def test_the_script_gets_the_error_message(owner: User) -> None:
    response = send(owner, b"no picture", as_json=True)
    assert response.status_code == 415
    assert response.json()["errors"][0]["detail"] == MESSAGES["unsupported_type"]


def test_the_options_reach_the_recipe(owner: User, photo: bytes) -> None:
    send(
        owner, photo, faces="7000", height_mm="42.5", background="#ffffff", formats=["glb", "stl"], keep_background="on"
    )
    recipe = Job.objects.get().recipe_object()
    assert (recipe.faces, recipe.height_mm, recipe.background) == (7000, 42.5, "#ffffff")
    assert (recipe.formats, recipe.remove_background) == (("glb", "stl"), False)


def test_a_blank_option_means_the_default(owner: User, photo: bytes) -> None:
    send(owner, photo, faces="", threshold="", texture_size="")
    recipe = Job.objects.get().recipe_object()
    assert (recipe.faces, recipe.threshold, recipe.texture_size) == (None, None, None)


@pytest.mark.parametrize("name", ["faces", "grid", "height_mm", "threshold", "frame_count", "frame_size"])
def test_a_number_out_of_range_is_rejected(owner: User, photo: bytes, name: str) -> None:
    fields: dict[str, Any] = {name: str(LIMITS[name][1] + 1)}
    response = send(owner, photo, as_json=True, **fields)
    assert response.status_code == 400
    assert f"{LIMITS[name][1]:g}" in response.json()["errors"][0]["detail"]
    assert not Job.objects.exists()


def test_a_form_without_a_photo_is_rejected(owner: User) -> None:
    assert signed_in(owner).post(reverse("jobs:upload"), {"quality": "draft"}).status_code == 400


def test_the_page_states_the_limits_of_the_recipe(owner: User) -> None:
    html = signed_in(owner).get(reverse("jobs:upload")).content.decode()
    assert f'max="{LIMITS["faces"][1]}"' in html


def test_a_job_is_made_again_with_its_settings_and_photos(owner: User, submit: Callable[..., Job]) -> None:
    job = submit(quality="high", faces=1234)
    response = signed_in(owner).get(reverse("jobs:upload"), {"again": str(job.pk)})
    assert 'value="1234"' in response.content.decode()
    (waiting,) = response.context["upload_data"]["earlier"]
    assert signed_in(owner).get(waiting["url"]).content[:4] == b"\x89PNG"


def test_only_the_owner_can_get_the_photo_of_a_job(job: Job, stranger: User, staff: User, client: Client) -> None:
    photo, again = reverse("jobs:photo", args=[job.pk, 0]), f"{reverse('jobs:upload')}?again={job.pk}"
    for user in (stranger, staff):
        assert signed_in(user).get(photo).status_code == 404
        assert signed_in(user).get(again).status_code == 404
    assert client.get(photo).status_code == 302


@pytest.mark.parametrize(
    ("add", "expected"), [("back", "back"), ("auto", ""), ("front", "front"), ("<b>", ""), ("", "")]
)
def test_the_page_expects_the_side_that_the_result_page_asked_for(
    owner: User, submit: Callable[..., Job], add: str, expected: str
) -> None:
    job = submit()
    html = signed_in(owner).get(reverse("jobs:upload"), {"again": str(job.pk), "add": add}).content.decode()
    assert f'"add_side": "{expected}"' in html
    assert (f"Add a photo of the {expected}" in html) == bool(expected)


@pytest.mark.parametrize("job_id", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_missing_job_cannot_be_made_again(owner: User, job_id: str) -> None:
    assert signed_in(owner).get(reverse("jobs:upload"), {"again": job_id}).status_code == 404


def test_a_missing_photo_is_404(job: Job, owner: User) -> None:
    assert signed_in(owner).get(reverse("jobs:photo", args=[job.pk, 1])).status_code == 404


def test_a_running_job_has_the_start_times_of_its_stages(job: Job, owner: User) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token is not None
    transitions.report_progress(job.pk, token, "cutout", 0.1, new_stage=True)
    response = signed_in(owner).get(job.get_absolute_url())
    assert list(response.context["stage_data"]["starts"]) == ["cutout"]


def test_a_remix_shows_only_its_own_stages(job: Job, owner: User, submit: Callable[..., Job]) -> None:
    child = submit(title="Child")
    Job.objects.filter(pk=child.pk).update(parent=job)
    stages = [stage.name for stage in signed_in(owner).get(child.get_absolute_url()).context["stages"]]
    assert stages == ["surface", "mesh", "texture", "views", "export"]


def test_a_failed_job_offers_to_change_the_settings(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    html = signed_in(owner).get(job.get_absolute_url()).content.decode()
    assert f"{reverse('jobs:upload')}?again={job.pk}" in html


def test_the_home_page_shows_published_models_only(client: Client, submit: Callable[..., Job]) -> None:
    for title in ("Shown", "Kept"):
        in_state(submit(title=title), State.SUCCEEDED)
    Job.objects.filter(title="Shown").update(published_at=timezone.now())
    html = client.get(reverse("home")).content.decode()
    assert ("Shown" in html, "Kept" in html) == (True, False)
    assert "Shown" in signed_in(Job.objects.first().owner).get("/").content.decode()  # type: ignore[union-attr]


@pytest.mark.parametrize(("published", "shown"), [(0, 0), (3, 3), (4, 4), (6, 4), (9, 8)])
def test_the_showcase_has_full_rows(client: Client, owner: User, published: int, shown: int) -> None:
    done = {"owner": owner, "state": State.SUCCEEDED, "finished_at": timezone.now(), "published_at": timezone.now()}
    Job.objects.bulk_create(Job(title="Shown", **done) for _ in range(published))
    assert len(client.get(reverse("home")).context["published"]) == shown


def test_every_sample_photo_exists(client: Client) -> None:
    samples = client.get(reverse("home")).context["samples"]
    assert len(samples) >= 3
    for sample in samples:
        assert finders.find(sample["file"]) is not None
