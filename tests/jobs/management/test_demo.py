"""`make demo`: an account with the samples, only on your own machine."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from jobs.management.commands.demo import EMAIL, PASSWORD
from jobs.models import Job

pytestmark = pytest.mark.django_db


def test_the_samples_are_submitted_once() -> None:
    call_command("demo", verbosity=0)
    call_command("demo", verbosity=0)
    demo = User.objects.get(email=EMAIL)
    assert demo.check_password(PASSWORD)
    assert not demo.is_staff
    assert list(Job.objects.values_list("title", flat=True)) == ["locomotive"]


def test_a_public_site_has_no_demo_account(settings: Settings) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="no demo account"):
        call_command("demo")
    assert not User.objects.exists()
