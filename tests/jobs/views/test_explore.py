"""What people published, and reports about it: for everybody, and never more than was published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.core import services, sharing
from jobs.models import AbuseReport, Job, State
from jobs.views.explore import EXPLORE_PAGE_SIZE, ReportThrottle
from tests.conftest import in_state, signed_in
from tests.jobs.views.test_lists import many, queries

pytestmark = pytest.mark.django_db

EXPLORE = "/explore/"


@pytest.fixture(autouse=True)
def nobody_has_reported_yet() -> None:
    """The counts of the rate limit lie in the cache."""
    cache.clear()


@pytest.fixture
def published(job: Job) -> Job:
    """A model that everybody may see."""
    sharing.publish(in_state(job, State.SUCCEEDED))
    return job


def seen(client: Client, address: str = EXPLORE) -> str:
    return client.get(address).content.decode()


def report_url(job: Job) -> str:
    return reverse("jobs:report", args=[job.pk])


def test_everybody_sees_what_was_published_and_who_made_it(client: Client, published: Job, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(display_name="Ada")
    shown = seen(client)
    assert reverse("jobs:public", args=[published.pk]) in shown
    assert "by Ada" in shown


def test_the_owners_address_is_never_shown(client: Client, published: Job, owner: User) -> None:
    assert owner.email not in seen(client)
    assert owner.username not in seen(client)


@pytest.mark.parametrize(
    "hide",
    [
        sharing.unpublish,
        lambda job: Job.objects.filter(pk=job.pk).update(hidden_at=timezone.now()),
        lambda job: services.delete(job.pk),
        lambda job: User.objects.filter(pk=job.owner_id).update(is_active=False),
    ],
    ids=["unpublished", "hidden", "deleted", "owner banned"],
)
def test_what_was_taken_back_is_gone(client: Client, published: Job, hide: Callable[[Job], object]) -> None:
    assert "Lamp" in seen(client)
    hide(published)
    assert "Lamp" not in seen(client)
    assert client.get(report_url(published)).status_code == 404


def test_a_private_model_is_not_there(client: Client, job: Job) -> None:
    in_state(job, State.SUCCEEDED)
    assert "No published models yet" in seen(client)
    assert client.get(report_url(job)).status_code == 404


def test_the_last_published_comes_first(client: Client, published: Job, submit: Callable[..., Job]) -> None:
    other = in_state(submit(title="Chair"), State.SUCCEEDED)
    sharing.publish(other)
    Job.objects.filter(pk=published.pk).update(published_at=timezone.now() + timedelta(minutes=1))
    shown = seen(client)
    assert shown.index(">Lamp</a>") < shown.index(">Chair</a>")


def test_a_word_that_nothing_has_leads_back_to_all(client: Client, published: Job) -> None:
    assert ">Lamp</a>" in seen(client, f"{EXPLORE}?q=lamp")
    nothing = seen(client, f"{EXPLORE}?q=rocket")
    assert ">Lamp</a>" not in nothing
    assert f'href="{EXPLORE}">Clear filters' in nothing


def test_the_last_of_many_pages_costs_no_more_queries_than_the_first(client: Client, owner: User) -> None:
    many(owner, 20 * EXPLORE_PAGE_SIZE, published_at=timezone.now())
    assert queries(client, EXPLORE) == queries(client, f"{EXPLORE}?page=20") <= 2


def test_anybody_reports_and_is_thanked(client: Client, published: Job) -> None:
    answer = client.post(report_url(published), {"reason": "copyright", "text": "My design."}, follow=True)
    assert "Thank you" in answer.content.decode()
    told = AbuseReport.objects.get()
    assert (told.job, told.reporter, told.reason, told.text) == (published, None, "copyright", "My design.")


def test_the_moderators_learn_who_reported(published: Job, stranger: User) -> None:
    signed_in(stranger).post(report_url(published), {"reason": "offensive"})
    assert AbuseReport.objects.get().reporter == stranger


@pytest.mark.parametrize("form", [{}, {"reason": "boring"}, {"reason": "other", "text": "x" * 1001}])
def test_a_report_without_a_reason_is_asked_for_one(client: Client, published: Job, form: dict[str, str]) -> None:
    answer = client.post(report_url(published), form)
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not AbuseReport.objects.exists()


def test_a_shared_model_can_be_reported_until_its_link_is_revoked(client: Client, job: Job) -> None:
    link = sharing.share(in_state(job, State.SUCCEEDED))
    address = reverse("jobs:shared_report", args=[link.token])
    client.post(address, {"reason": "person"})
    assert AbuseReport.objects.get().job == job
    sharing.revoke(job)
    assert client.get(address).status_code == 404


def test_too_many_reports_are_refused(client: Client, published: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReportThrottle, "THROTTLE_RATES", {"report": "2/hour"})
    answers = [client.post(report_url(published), {"reason": "other"}).status_code for _ in range(3)]
    assert answers == [302, 302, 429]
    assert AbuseReport.objects.count() == 2
