"""Moderation: a reported model is hidden, and the reason is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from jobs.core import collections
from jobs.models import AbuseReport, Artifact, Collection, Job, ModerationAct, State
from tests.browser.axe import serious_violations
from tests.browser.finished import opened, web_alone
from tests.conftest import PASSWORD, in_state, make_user

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    """A web process per test: it caches content type ids, which change with each test."""
    with web_alone() as url:
        yield url


@pytest.fixture
def reported(transactional_db: None, submit: Callable[..., Job]) -> Job:
    """A published model with an open report, created before the site starts."""
    job = in_state(submit(title="Lamp"), State.SUCCEEDED)
    Job.objects.update(published_at=timezone.now())
    AbuseReport.objects.create(job=job, reason="person", text="That is me")
    return job


@pytest.fixture
def collected(reported: Job) -> Collection:
    """A collection with that model, which has a file and a report whose words are too long for a line."""
    reporter, word = make_user("reporter"), "M" * 200
    AbuseReport.objects.create(job=reported, reason="person", text=f"{word} is me", reporter=reporter)
    Artifact.objects.create(job=reported, name="model.glb", size=20_000, sha256="0123456789abcdef" * 4, file="glb")
    return collections.create(reported.owner, "Shop", jobs=[reported])


@pytest.fixture
def moderator(transactional_db: None) -> User:
    """A staff member in the built-in group of moderators."""
    user = make_user("moderator", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    return user


def sign_in(page: Page, user: User) -> None:
    page.goto("/admin/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/admin/")


@pytest.mark.parametrize("width", [360, 1440])
def test_a_reported_model_is_hidden_with_a_reason(reported: Job, moderator: User, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    sign_in(page, moderator)
    page.locator("#user-tools").get_by_role("link", name="Reports", exact=True).click()
    page.locator("#result_list input.action-select").check()
    page.locator("select[name=action]").select_option(label="Hide what was reported and close its reports")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", name="Hide what was reported and close its reports?")).to_be_visible()
    page.get_by_label("Reason").fill("A person who did not agree")
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(page.get_by_text("1 of 1 resolved.")).to_be_visible()
    page.goto("/admin/jobs/moderationact/")
    expect(page.get_by_text("A person who did not agree").first).to_be_visible()
    assert page.request.get(f"/explore/{reported.pk}/").status == 404
    assert set(ModerationAct.objects.values_list("act", flat=True)) == {"hide", "close"}
    assert complaints == []


DJANGOS_OWN = "help-tooltip search-label-icon"
"""An icon with a label but no role, which a script of Django's admin makes."""
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}


@pytest.mark.parametrize("look", [PHONE, DESK], ids=["dark phone", "light desk"])
def test_the_admin_is_readable_and_nothing_is_cut_off(
    reported: Job, collected: Collection, browser: Browser, address: str, look: dict[str, Any]
) -> None:
    owner = make_user("superuser", is_staff=True, is_superuser=True)
    changes = [f"jobs/job/{reported.pk}", f"jobs/collection/{collected.pk}", f"accounts/user/{reported.owner_id}"]
    lists = ["jobs/job", "jobs/abusereport", "jobs/moderationact", "jobs/collection", "accounts/user"]
    paths = ["", "jobs/job/health/", "jobs/abusereport/review/"]
    paths += [f"{name}/" for name in lists] + [f"{name}/change/" for name in changes]
    with opened(browser, address, owner, bypass_csp=True, **look) as page:
        found: list[str] = []
        for path in paths:
            response = page.goto(f"/admin/{path}")
            assert response and response.ok, path
            found += [f"{path}: {problem}" for problem in serious_violations(page) if DJANGOS_OWN not in problem]
            wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            found += [f"{path}: {wider} pixels too wide"] if wider > 0 else []
    assert found == []


WIDER_FONT = "* { letter-spacing: 0.12em !important }"
"""As readers may set it (WCAG 1.4.12); the fonts of two machines differ by less."""
TOO_WIDE = """[...document.querySelectorAll("html, .rows, .rows th, .rows td")]
    .filter((element) => element.scrollWidth > element.clientWidth).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [320, 390, 800, 1440])
def test_rows_below_a_job_fit_every_window_with_a_wider_font(
    reported: Job, collected: Collection, browser: Browser, address: str, width: int
) -> None:
    owner = make_user("superuser", is_staff=True, is_superuser=True)
    look = {**DESK, "viewport": {"width": width, "height": 844}}
    with opened(browser, address, owner, bypass_csp=True, **look) as page:
        page.goto(f"/admin/jobs/job/{reported.pk}/change/")
        expect(page.locator(".rows table")).to_have_count(4)
        page.add_style_tag(content=WIDER_FONT)
        assert page.evaluate(TOO_WIDE) == []
