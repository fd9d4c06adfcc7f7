"""A submit creates a row, a stored photo and a queue entry."""

import errno
import shutil
from collections import namedtuple
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from jobs.core import queue, services
from jobs.models import Job, Photo
from ml.errors import ReconstructionError
from ml.photo.decode import open_photo
from ml.recipe import Recipe
from reconsite.core.errors import Rejected
from tests.conftest import encoded, picture, stored_files

pytestmark = pytest.mark.django_db


def test_a_submit_stores_the_photo_and_queues_the_job(owner: User, photo: bytes) -> None:
    job = services.submit(owner, [(photo, "my_lamp.png")], Recipe(quality="draft")).job
    assert (job.state, job.title, job.quality) == ("queued", "my lamp", "draft")
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_job_is_enqueued_only_after_the_commit(
    owner: User, photo: bytes, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = services.submit(owner, [(photo, "lamp.png")], Recipe()).job
        assert queue.entry_id(job.pk, 1) not in (queue.queued_entry_ids() or set())
    assert queue.entry_id(job.pk, 1) in (queue.queued_entry_ids() or set())


def test_camera_metadata_is_removed(owner: User) -> None:
    exif = picture(mode="RGB").getexif()
    exif[0x010E] = "secret place"
    services.submit(owner, [(encoded(picture(mode="RGB"), "JPEG", exif=exif), "a.jpg")], Recipe())
    with default_storage.open(str(Photo.objects.get().file)) as file:
        assert b"secret place" not in file.read()


def test_the_stored_photo_is_upright(owner: User) -> None:
    rotated = picture(mode="RGB").crop((0, 0, 200, 100))
    exif = rotated.getexif()
    exif[0x0112] = 6
    services.submit(owner, [(encoded(rotated, "JPEG", exif=exif), "a.jpg")], Recipe())
    stored = Photo.objects.get()
    assert (stored.width, stored.height) == (100, 200)
    with default_storage.open(str(stored.file)) as file:
        assert open_photo(file.read()).pixels.shape[:2] == (200, 100)


def test_a_bad_photo_stores_nothing(owner: User) -> None:
    with pytest.raises(ReconstructionError) as rejected:
        services.submit(owner, [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png")], Recipe())
    assert rejected.value.code == "unsupported_type"
    assert not Job.objects.exists()
    assert stored_files() == []


def test_the_same_key_returns_the_same_job(owner: User, photo: bytes) -> None:
    first = services.submit(owner, [(photo, "a.png")], Recipe(), idempotency_key="k")
    again = services.submit(owner, [(photo, "a.png")], Recipe(), idempotency_key="k")
    assert (first.created, again.created) == (True, False)
    assert first.job == again.job
    assert len(stored_files()) == 1


def test_the_same_key_of_another_person_creates_another_job(owner: User, stranger: User, photo: bytes) -> None:
    first = services.submit(owner, [(photo, "a.png")], Recipe(), idempotency_key="k").job
    second = services.submit(stranger, [(photo, "a.png")], Recipe(), idempotency_key="k").job
    assert first != second


def test_the_same_key_with_another_photo_is_rejected(owner: User, photo: bytes) -> None:
    services.submit(owner, [(photo, "a.png")], Recipe(), idempotency_key="k")
    with pytest.raises(Rejected) as rejected:
        services.submit(owner, [(encoded(picture(100)), "a.png")], Recipe(), idempotency_key="k")
    assert rejected.value.code == "idempotency_conflict"


@pytest.mark.django_db(transaction=True)
def test_ten_parallel_submits_with_one_key_create_one_job(owner: User, photo: bytes) -> None:
    def send(_: int) -> str:
        try:
            return str(services.submit(owner, [(photo, "a.png")], Recipe(), idempotency_key="k").job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(send, range(10)))) == 1
    assert Job.objects.count() == 1
    assert len(stored_files()) == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_submits_cannot_exceed_the_limit_of_active_jobs(owner: User, photo: bytes, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 3

    def send(_: int) -> bool:
        try:
            return bool(services.submit(owner, [(photo, "a.png")], Recipe()).job)
        except Rejected:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 3
    assert Job.objects.count() == 3
    assert len(stored_files()) == 3


def test_a_full_disk_rejects_the_photo_before_storing_it(
    owner: User, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 99, 1))
    with pytest.raises(Rejected) as rejected:
        services.submit(owner, [(photo, "a.png")], Recipe())
    assert rejected.value.code == "storage_full"
    assert not Job.objects.exists()


def test_nothing_is_left_when_the_disk_fills_up_while_storing(
    owner: User, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(default_storage, "save", save)
    with pytest.raises(Rejected) as rejected:
        services.submit(owner, [(photo, "a.png")], Recipe())
    assert rejected.value.code == "storage_full"
    assert not Job.objects.exists()


def test_a_photo_is_accepted_while_redis_hangs(
    owner: User, photo: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis.exceptions import ConnectionError

    def enqueue(*args: object, **kwargs: object) -> None:
        raise ConnectionError("not responding")

    monkeypatch.setattr("django_rq.queues.DjangoRQ.enqueue", enqueue)
    job = services.submit(owner, [(photo, "a.png")], Recipe()).job
    assert queue.enqueue(job.pk, 1) is False
    assert Job.objects.get().state == "queued"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\cat.jpg", "cat.jpg"),
        ("a\x00b\n.png", "ab.png"),
        ("x" * 300 + ".png", "x" * 100),
        ("", "Untitled"),
    ],
)
def test_file_names_are_sanitised(owner: User, photo: bytes, name: str, shown: str) -> None:
    job = services.submit(owner, [(photo, name)], Recipe()).job
    assert job.title == shown.removesuffix(".png").removesuffix(".jpg")
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_several_photos_are_stored_in_order(owner: User, photo: bytes) -> None:
    back = encoded(picture(100, "RGB"), "JPEG")
    job = services.submit(owner, [(photo, "front.png"), (back, "back.jpg")], Recipe(sides=("front", "back"))).job
    assert [(row.position, row.original_name) for row in job.photos.all()] == [(0, "front.png"), (1, "back.jpg")]
    assert stored_files() == [f"jobs/{job.pk}/photo.png", f"jobs/{job.pk}/photo_1.jpg"]
    assert job.size == sum(row.size for row in job.photos.all())


@pytest.mark.parametrize(("count", "code"), [(0, "no_photo"), (6, "too_many_photos")])
def test_a_model_needs_one_to_five_photos(owner: User, photo: bytes, count: int, code: str) -> None:
    with pytest.raises(Rejected) as rejected:
        services.submit(owner, [(photo, "a.png")] * count, Recipe())
    assert rejected.value.code == code
    assert stored_files() == []


def test_a_bad_second_photo_is_named_and_nothing_is_stored(owner: User, photo: bytes) -> None:
    with pytest.raises(ReconstructionError) as rejected:
        services.submit(owner, [(photo, "a.png"), (b"", "b.png")], Recipe())
    assert rejected.value.code == "empty_file"
    assert rejected.value.message.startswith("Photo 2: ")
    assert stored_files() == []


def test_more_sides_than_photos_are_rejected(owner: User, photo: bytes) -> None:
    with pytest.raises(ReconstructionError) as rejected:
        services.submit(owner, [(photo, "a.png")], Recipe(sides=("front", "back")))
    assert rejected.value.code == "invalid_recipe"


def test_the_same_key_with_the_photos_in_another_order_is_rejected(owner: User, photo: bytes) -> None:
    photos = [(photo, "a.png"), (encoded(picture(100)), "b.png")]
    first = services.submit(owner, photos, Recipe(), idempotency_key="k")
    assert services.submit(owner, photos, Recipe(), idempotency_key="k").job == first.job
    for others in (photos[::-1], photos[:1]):
        with pytest.raises(Rejected):
            services.submit(owner, others, Recipe(), idempotency_key="k")


def test_a_photo_is_rejected_when_the_quota_is_full(owner: User, photo: bytes, settings: Settings) -> None:
    owner.quota_mb = 1
    owner.save()
    Job.objects.filter(pk=services.submit(owner, [(photo, "a.png")], Recipe()).job.pk).update(size=2**20)
    with pytest.raises(Rejected) as rejected:
        services.submit(owner, [(photo, "a.png")], Recipe())
    assert rejected.value.code == "quota_exceeded"
    assert Job.objects.count() == 1


def test_the_same_key_at_the_same_time_comes_before_the_limit_of_jobs(
    submit: Callable[..., Job], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    first: list[Job] = []

    def meanwhile() -> None:  # the other request is finished between this one's first look and its transaction
        if not first:
            first.append(Job())
            first[0] = submit(key="once")

    monkeypatch.setattr(services, "check_free_space", meanwhile)
    assert submit(key="once") == first[0]
    assert Job.objects.count() == 1
    assert len(stored_files()) == 1
