from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from jobs.core import services
from ml.recipe import Recipe

EMAIL, PASSWORD = "demo@localhost.localdomain", "turn-a-photo-round"
SAMPLES = settings.BASE_DIR / "static" / "samples"


class Command(BaseCommand):
    """Create a demo account and submit the sample pictures with it. Only on your own machine."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account, submit the samples, and print how to sign in."""
        if not settings.DEVELOPMENT:
            raise CommandError(f"A public site ({settings.SITE_URL}) gets no demo account.")
        user = demo_user()
        for sample in sorted(SAMPLES.glob("*.png")):
            job = send(user, sample)
            self.stdout.write(f"{sample.name}: {settings.SITE_URL}{job.get_absolute_url()}")
        self.stdout.write(f"Sign in at {settings.SITE_URL}/accounts/login/ as {EMAIL} with “{PASSWORD}”.")


def demo_user() -> User:
    """The demo account with its published password."""
    user, _ = User.objects.get_or_create(email=EMAIL, defaults={"username": "demo"})
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def send(user: User, sample: Path) -> Any:
    """Submit one sample; submitting it again returns the existing job."""
    key = f"demo-{sample.name}"
    return services.submit(user, [(sample.read_bytes(), sample.name)], Recipe(), idempotency_key=key).job
