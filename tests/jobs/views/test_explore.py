"""The list of published models and the report form, both open to everyone."""

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
from tests.jobs.models import create_models
from tests.jobs.views.test_lists import count_queries

pytestmark = pytest.mark.django_db

EXPLORE = "/explore/"


@pytest.fixture(autouse=True)
def clear_rate_limits() -> None:
    """The rate limits count in the cache."""
    cache.clear()


@pytest.fixture
def published(job: Job) -> Job:
    """A published model."""
    sharing.publish(in_state(job, State.SUCCEEDED))
    return job


def html_of(client: Client, address: str = EXPLORE) -> str:
    return client.get(address).content.decode()


def report_url(job: Job) -> str:
    return reverse("jobs:report", args=[job.pk])


def test_everyone_sees_a_published_model_and_its_author(client: Client, published: Job, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(display_name="Ada")
    html = html_of(client)
    assert reverse("jobs:public", args=[published.pk]) in html
    assert "by Ada" in html


def test_the_owners_email_is_never_shown(client: Client, published: Job, owner: User) -> None:
    assert owner.email not in html_of(client)
    assert owner.username not in html_of(client)


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
def test_a_withdrawn_model_is_gone(client: Client, published: Job, hide: Callable[[Job], object]) -> None:
    assert "Lamp" in html_of(client)
    hide(published)
    assert "Lamp" not in html_of(client)
    assert client.get(report_url(published)).status_code == 404


def test_a_private_model_is_not_listed(client: Client, job: Job) -> None:
    in_state(job, State.SUCCEEDED)
    assert "No published models yet" in html_of(client)
    assert client.get(report_url(job)).status_code == 404


def test_the_latest_published_model_comes_first(client: Client, published: Job, submit: Callable[..., Job]) -> None:
    other = in_state(submit(title="Chair"), State.SUCCEEDED)
    sharing.publish(other)
    Job.objects.filter(pk=published.pk).update(published_at=timezone.now() + timedelta(minutes=1))
    html = html_of(client)
    assert html.index(">Lamp</a>") < html.index(">Chair</a>")


def test_a_search_without_matches_offers_to_clear_the_filters(client: Client, published: Job) -> None:
    assert ">Lamp</a>" in html_of(client, f"{EXPLORE}?q=lamp")
    nothing = html_of(client, f"{EXPLORE}?q=rocket")
    assert ">Lamp</a>" not in nothing
    assert f'href="{EXPLORE}">Clear filters' in nothing


def test_the_last_page_needs_as_few_queries_as_the_first(client: Client, owner: User) -> None:
    create_models(owner, 20 * EXPLORE_PAGE_SIZE, published_at=timezone.now())
    assert count_queries(client, EXPLORE) == count_queries(client, f"{EXPLORE}?page=20") <= 2


def test_anyone_can_report_a_model(client: Client, published: Job) -> None:
    response = client.post(report_url(published), {"reason": "copyright", "text": "My design."}, follow=True)
    assert "Thank you" in response.content.decode()
    report_row = AbuseReport.objects.get()
    assert (report_row.job, report_row.reporter, report_row.reason, report_row.text) == (
        published,
        None,
        "copyright",
        "My design.",
    )


def test_the_reporter_is_stored(published: Job, stranger: User) -> None:
    signed_in(stranger).post(report_url(published), {"reason": "offensive"})
    assert AbuseReport.objects.get().reporter == stranger


@pytest.mark.parametrize("form", [{}, {"reason": "boring"}, {"reason": "other", "text": "x" * 1001}])
def test_an_invalid_report_is_rejected(client: Client, published: Job, form: dict[str, str]) -> None:
    response = client.post(report_url(published), form)
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert not AbuseReport.objects.exists()


def test_a_shared_model_can_be_reported_until_its_link_is_revoked(client: Client, job: Job) -> None:
    link = sharing.share(in_state(job, State.SUCCEEDED))
    address = reverse("jobs:shared_report", args=[link.token])
    client.post(address, {"reason": "person"})
    assert AbuseReport.objects.get().job == job
    sharing.revoke(job)
    assert client.get(address).status_code == 404


def test_too_many_reports_are_rejected(client: Client, published: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReportThrottle, "THROTTLE_RATES", {"report": "2/hour"})
    responses = [client.post(report_url(published), {"reason": "other"}).status_code for _ in range(3)]
    assert responses == [302, 302, 429]
    assert AbuseReport.objects.count() == 2
