"""Look at everything that a site needs, and say what to do about what is missing: `manage.py doctor`."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import django_rq
import imageio_ffmpeg
import psutil
from django.conf import settings
from django.core import mail
from django.core.checks import ERROR, run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from jobs.core import health, queue, redis_owner, worker_heartbeat
from jobs.models import Job, State
from ml.engine_registry import installed_engines

OK, WARNING, PROBLEM = "ok", "warning", "problem"
MIN_MEMORY_BYTES = 3 * 2**30
"""A web process with its cutout process, Redis, a worker and the compact engine take about 2 GB."""
STALE_QUEUE = timedelta(minutes=1)
"""The reconciler would have queued a lost entry again after RING_AGAIN_SECONDS."""
UUID_LENGTH = 36
"""Characters of the job's id, with which each id of an entry begins."""
ANSWER_SECONDS = 5.0
"""How long the site's own address, and ffmpeg, may take to answer."""


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` says what to do unless all is well."""

    name: str
    status: str
    detail: str
    advice: str = ""


def examine() -> list[Finding]:
    """Every finding, the broken ones too: one that fails does not keep the others from running."""
    return [finding for check in CHECKS for finding in check()]


def _settings() -> Iterator[Finding]:
    messages = run_checks(include_deployment_checks=not settings.DEVELOPMENT)
    for message in messages:
        status = PROBLEM if message.level >= ERROR else WARNING
        yield Finding("settings", status, str(message.msg).split("\n")[0], message.hint or "See docs/configuration.md.")
    if not messages:
        yield Finding("settings", OK, f"{settings.SITE_URL}, no complaints")


def _database() -> Iterator[Finding]:
    kind = connection.vendor
    if not health.database_available():
        yield Finding("database", PROBLEM, f"{kind} does not answer.", "Start it, or correct DATABASE_URL.")
        return
    if health.migrations_applied():
        yield Finding("database", OK, f"{kind}, every migration applied")
    else:
        yield Finding("database", PROBLEM, "Migrations are missing.", "Run: python manage.py migrate")


def _redis() -> Iterator[Finding]:
    if not health.redis_available():
        yield Finding("redis", PROBLEM, "Redis does not answer.", "Start it, or correct REDIS_URL.")
        return
    yield Finding("redis", OK, "answers")
    if redis_owner.is_anothers():
        yield Finding("redis", PROBLEM, "Another site uses it.", "Give REDIS_URL another database number.")
    for name, wanted, advice in REDIS_OPTIONS:
        found = _redis_option(name)
        if found not in (None, wanted):
            yield Finding("redis", WARNING, f"{name} is {found}.", advice)


REDIS_OPTIONS = (
    ("maxmemory-policy", "noeviction", "Set it to noeviction: another policy may throw queued jobs away."),
    ("appendonly", "yes", "Set it to yes: without it, waiting jobs are queued again only by the reconciler."),
)


def _redis_option(name: str) -> str | None:
    """Its value; None where the server does not tell, as hosted ones do."""
    try:
        values: Any = django_rq.get_connection(settings.JOB_QUEUE).config_get(name)
    except RedisError:
        return None
    return str(values[name]) if name in values else None


def _storage() -> Iterator[Finding]:
    content = uuid.uuid4().bytes
    try:
        key = default_storage.save("doctor/probe", ContentFile(content))
        with default_storage.open(key) as file:
            is_whole = file.read() == content
        default_storage.delete(key)
    except Exception as error:  # every storage has errors of its own
        yield Finding("storage", PROBLEM, f"No file can be stored: {error}", "Correct MEDIA_ROOT or its permissions.")
        return
    if not is_whole:
        yield Finding("storage", PROBLEM, "A file was read back with other content.", "Check the disk.")
    elif health.storage_available():
        yield Finding("storage", OK, "a file was written, read and deleted")
    else:
        yield Finding("storage", PROBLEM, "Less than MIN_FREE_MB is free: photos are refused.", "Free some space.")


def _workers() -> Iterator[Finding]:
    try:
        online = worker_heartbeat.online_count()
        stale = _is_stale()
    except DatabaseError:
        return
    if online:
        yield Finding("workers", OK, f"{online} online")
    else:
        yield Finding("workers", PROBLEM, "No worker is online.", "Run: python manage.py worker")
    if stale:
        detail = "A queued job has no entry in Redis."
        yield Finding("reconciler", PROBLEM, detail, "Run: python manage.py reconcile")


def _is_stale() -> bool:
    """Whether a job has waited for long although Redis knows nothing of it."""
    entries = queue.queued_entry_ids()
    waiting = Job.objects.active().filter(
        state=State.QUEUED, deleted_at=None, queued_at__lt=timezone.now() - STALE_QUEUE
    )
    if entries is None:
        return False
    known = {entry[:UUID_LENGTH] for entry in entries}
    return any(str(job_id) not in known for job_id in waiting.values_list("pk", flat=True))


def _models() -> Iterator[Finding]:
    yield Finding("engines", OK, ", ".join(installed_engines(settings.MODELS_DIR)))


def _ffmpeg() -> Iterator[Finding]:
    try:
        path = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([path, "-version"], check=True, capture_output=True, timeout=ANSWER_SECONDS)
        yield Finding("ffmpeg", OK, path)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        advice = "Install requirements.txt again, or set IMAGEIO_FFMPEG_EXE."
        yield Finding("ffmpeg", PROBLEM, f"Videos cannot be made: {error}", advice)


def _static() -> Iterator[Finding]:
    if settings.DEBUG or (settings.STATIC_ROOT / "staticfiles.json").exists():
        yield Finding("static files", OK, str(settings.STATIC_ROOT))
    else:
        yield Finding("static files", PROBLEM, "They were not collected.", "Run: python manage.py collectstatic")


def _memory() -> Iterator[Finding]:
    total = psutil.virtual_memory().total
    detail = f"{total / 2**30:.0f} GB"
    if total < MIN_MEMORY_BYTES:
        yield Finding("memory", WARNING, detail, "Run one worker, and keep to the compact engine.")
    else:
        yield Finding("memory", OK, detail)


def _mail() -> Iterator[Finding]:
    if not settings.HAS_MAIL_SERVER:
        detail = "No mail server: nobody can reset a password."
        yield Finding("email", OK if settings.DEVELOPMENT else WARNING, detail, "Set EMAIL_URL.")
        return
    try:
        with mail.get_connection():
            yield Finding("email", OK, f"{settings.EMAIL_CONFIG['EMAIL_HOST']} accepts the login")
    except OSError as error:  # smtplib's errors are OSErrors
        yield Finding("email", PROBLEM, f"The mail server refused: {error}", "Correct EMAIL_URL.")


def _address() -> Iterator[Finding]:
    address = f"{settings.SITE_URL}/healthz"
    try:
        with urlopen(address, timeout=ANSWER_SECONDS):  # nosec B310  (our own setting)
            yield Finding("address", OK, f"{settings.SITE_URL} answers")
    except (URLError, OSError, ValueError) as error:
        yield Finding("address", PROBLEM, f"{address} does not answer: {error}", "Is the web process running?")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _settings,
    _database,
    _redis,
    _storage,
    _workers,
    _models,
    _ffmpeg,
    _static,
    _memory,
    _mail,
    _address,
)
