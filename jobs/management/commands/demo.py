"""Create a demo account with models of our samples, on this machine only: `make demo`, while the site is running."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from jobs.core import services, worker_heartbeat
from jobs.models import ACTIVE, Job, State
from ml.recipe import Recipe

EMAIL, PASSWORD = "demo@localhost.localdomain", "turn-a-photo-round"
SAMPLES = settings.BASE_DIR / "static" / "samples"
POLL_SECONDS = 1.0
"""Between two looks at the state of a job."""
WORKER_START_SECONDS = 60.0
"""How long a worker may take to appear after `make run`."""


class Command(BaseCommand):
    """Create a demo account with models of our samples, on this machine only."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Submit the samples, wait for their models, print how to sign in."""
        if not settings.DEVELOPMENT:
            raise CommandError(f"A public site ({settings.SITE_URL}) gets no demo account.")
        user = demo_user()
        jobs = [
            submit_sample(user, sample) for sample in sorted(SAMPLES.iterdir()) if sample.suffix in (".png", ".webp")
        ]
        self.stdout.write(f"Creating {len(jobs)} models, about a minute each…")
        for job in jobs:
            finish(job)
            self.stdout.write(f"{job.title}: {settings.SITE_URL}{job.get_absolute_url()}")
        self.stdout.write(f"Sign in at {settings.SITE_URL}/accounts/login/ as {EMAIL} with the password {PASSWORD}")


def demo_user() -> User:
    """The demo account with its published password."""
    user, _ = User.objects.get_or_create(email=EMAIL, defaults={"username": "demo"})
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def submit_sample(user: User, sample: Path) -> Job:
    """Submit one sample, or retry it; a second call returns the job that exists."""
    key = f"demo-{sample.name}"
    job = services.submit(user, [(sample.read_bytes(), sample.name)], Recipe(), idempotency_key=key).job
    if job.state in (State.FAILED, State.CANCELLED):
        services.retry(job)
    return job


def finish(job: Job) -> None:
    """Wait until the job has its model. Raises CommandError when it fails or no worker is running."""
    without_worker = 0.0
    job.refresh_from_db()
    while job.state in ACTIVE:
        without_worker = 0.0 if worker_heartbeat.worker_online() else without_worker + POLL_SECONDS
        if without_worker > WORKER_START_SECONDS:
            raise CommandError("No worker is running. Start the site with `make run`, then run `make demo` again.")
        time.sleep(POLL_SECONDS)
        job.refresh_from_db()
    if job.state != State.SUCCEEDED:
        raise CommandError(f"No model of {job.title}: {job.failure_message or job.get_state_display()}")
