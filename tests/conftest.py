"""People, photos and jobs that the tests share."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from drf_spectacular.generators import SchemaGenerator
from PIL import Image, ImageDraw
from pytest_django import DjangoDbBlocker, Settings
from rest_framework.test import APIClient

from accounts.models import User
from jobs.core import estimates, services, storage, transitions
from jobs.core.transitions import Writer
from jobs.models import Artifact, Job, State
from ml.recipe import Recipe
from reconsite.core.outage import outage

PASSWORD = "a-long-enough-word"


def picture(size: int = 200, mode: str = "RGBA") -> Image.Image:
    """A red lamp on a transparent background: a shade, a thin stem, a foot."""
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    s = size / 200
    draw.polygon([(60 * s, 90 * s), (140 * s, 90 * s), (120 * s, 30 * s), (80 * s, 30 * s)], fill=(200, 60, 40, 255))
    draw.rectangle((95 * s, 90 * s, 105 * s, 160 * s), fill=(90, 90, 100, 255))
    draw.ellipse((65 * s, 155 * s, 135 * s, 178 * s), fill=(60, 60, 70, 255))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def end_other_sessions() -> None:
    """On PostgreSQL: the threads of asynchronous tests keep their sessions, and a database in use cannot be dropped."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database. pytest-django's own fixture creates none if only fixtures of a module ask for it."""
    with django_db_blocker.unblock():
        created = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
    yield
    with django_db_blocker.unblock():
        end_other_sessions()
        teardown_databases(created, verbosity=0)


@pytest.fixture(scope="session")
def description() -> dict[str, Any]:
    """The OpenAPI description: what `/api/v1/schema/` answers."""
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    return schema


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A small PNG with real transparency."""
    return encoded(picture())


def make_user(name: str, **more: Any) -> User:
    """A person who can sign in."""
    return User.objects.create_user(username=name, email=f"{name}@example.org", password=PASSWORD, **more)


@pytest.fixture
def owner(db: None) -> User:
    """The owner of the jobs."""
    return make_user("owner")


@pytest.fixture
def stranger(db: None) -> User:
    """Another person with an account."""
    return make_user("stranger")


@pytest.fixture
def staff(db: None) -> User:
    """A moderator: staff with the permissions to view and change jobs."""
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="jobs"))
    return user


def signed_in(user: User | None) -> Client:
    """A browser, signed in unless `user` is None."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def api_of(user: User | None) -> APIClient:
    """An API client, authenticated unless `user` is None."""
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


@pytest.fixture
def submit(owner: User, photo: bytes) -> Callable[..., Job]:
    """Submit the shared photo: `submit(quality="draft", title="Lamp")`."""

    def call(user: User | None = None, title: str = "Lamp", key: str = "", **recipe: Any) -> Job:
        chosen = Recipe(**{"quality": "draft", **recipe})
        known = dict(estimates._cached)
        job = services.submit(user or owner, [(photo, "lamp.png")], chosen, title=title, idempotency_key=key).job
        estimates._cached = known  # as before: a submission reads estimates, which a test may change afterwards
        return job

    return call


@pytest.fixture
def job(submit: Callable[..., Job]) -> Job:
    """A queued job of the owner."""
    return submit()


def in_state(job: Job, state: State) -> Job:
    """The same job after it was moved to `state` through the regular transitions."""
    if state == State.CANCELLED:
        transitions.advance(job.pk, State.CANCELLED, writer=Writer.WEB)
    elif state != State.QUEUED:
        token = transitions.claim(job.pk, worker="test")
        if state == State.SUCCEEDED:
            transitions.advance(job.pk, State.SUCCEEDED, writer=Writer.WORKER, token=token)
        elif state == State.FAILED:
            transitions.fail(job.pk, "no_subject", writer=Writer.WORKER, token=token)
    job.refresh_from_db()
    return job


def with_files(job: Job, *names: str) -> Job:
    """The same job, finished, with small files of these names as its result."""
    if job.state != State.SUCCEEDED:
        in_state(job, State.SUCCEEDED)
    for name in names:
        artifact = Artifact(job=job, name=name, size=len(name), sha256=hashlib.sha256(name.encode()).hexdigest())
        artifact.file.save(f"{storage.job_folder(job.pk)}/run/{name}", ContentFile(name.encode()))
    return job


def stored_files() -> list[str]:
    """Every file in the private storage."""
    return sorted(storage.backend().keys())


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    """Hash passwords fast: the slow hash that protects people would only cost time here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def fresh_estimates() -> None:
    """Estimates of an earlier test would be wrong in this one."""
    estimates.forget()


@pytest.fixture(autouse=True)
def redis_in_use() -> None:
    """An outage of Redis in an earlier test would keep this one from using it for some seconds."""
    outage.end()


@pytest.fixture(autouse=True)
def empty_storage(request: pytest.FixtureRequest) -> None:
    """A test that touches the database starts without stored files."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
