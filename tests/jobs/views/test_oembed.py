"""oEmbed: what another site shows for a link, and what it never learns."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from jobs.core import moderation, sharing
from jobs.models import Job
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db

SITE = "https://models.example.org"


@pytest.fixture
def paths(job: Job, settings: Settings) -> dict[str, str]:
    """The two pages for visitors: share link and published page."""
    settings.SITE_URL = SITE
    finish(job)
    sharing.publish(job)
    return {"shared": sharing.share(job).get_absolute_url(), "public": f"/explore/{job.pk}/"}


BOTH = pytest.mark.parametrize("visitor", ["shared", "public"])


def answer(client: Client, path: str, **more: str) -> dict[str, Any]:
    response = client.get("/oembed/", {"url": f"{SITE}{path}", **more})
    assert response.status_code == 200
    return dict(response.json())


@BOTH
def test_the_page_names_its_oembed_address_and_that_leads_to_the_viewer(
    paths: dict[str, str], client: Client, visitor: str
) -> None:
    page = client.get(paths[visitor]).content.decode()
    link = re.search(r'type="application/json\+oembed" href="([^"]+)"', page)
    assert link
    assert link[1].startswith(f"{SITE}/oembed/?url=")
    found = client.get(link[1].removeprefix(SITE)).json()
    frame = re.search(r'src="([^"]+)"', found["html"])
    assert frame
    assert frame[1] == f"{SITE}{paths[visitor]}embed/"
    assert client.get(urlsplit(frame[1]).path).status_code == 200
    assert (found["type"], found["version"], found["provider_name"]) == ("rich", "1.0", "Reconsite")


def test_the_frame_is_no_larger_than_asked(paths: dict[str, str], client: Client) -> None:
    small = answer(client, paths["public"], maxwidth="320", maxheight="9999")
    assert (small["width"], small["height"]) == (320, 480)
    assert 'width="320"' in small["html"]
    assert answer(client, paths["public"], maxwidth="-1", maxheight="x")["width"] == 640


def test_a_title_cannot_break_out_of_the_html(paths: dict[str, str], job: Job, client: Client) -> None:
    Job.objects.filter(pk=job.pk).update(title='"><script>alert(1)</script>')
    assert "<script>" not in answer(client, paths["public"])["html"]


@BOTH
def test_what_strangers_may_not_see_is_404(
    paths: dict[str, str], job: Job, staff: User, client: Client, visitor: str
) -> None:
    moderation.hide(staff, job, "not ours to show")
    assert client.get("/oembed/", {"url": f"{SITE}{paths[visitor]}"}).status_code == 404


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://elsewhere.example/explore/", f"{SITE}/nowhere/", f"{SITE}/", "ftp://models.example.org/", "//["],
)
def test_another_address_is_404(paths: dict[str, str], client: Client, url: str) -> None:
    assert client.get("/oembed/", {"url": url}).status_code == 404


def test_a_private_job_is_404(paths: dict[str, str], job: Job, client: Client) -> None:
    assert client.get("/oembed/", {"url": f"{SITE}/jobs/{job.pk}/"}).status_code == 404


def test_another_format_is_not_implemented(paths: dict[str, str], client: Client) -> None:
    assert client.get("/oembed/", {"url": f"{SITE}{paths['public']}", "format": "xml"}).status_code == 501


def test_an_embedding_site_chooses_rotation_background_and_tools(paths: dict[str, str], client: Client) -> None:
    page = client.get(f"{paths['public']}embed/", {"autorotate": "1", "background": "white", "ui": "0"})
    text = page.content.decode()
    assert 'data-autorotate="1"' in text
    assert 'data-background="white"' in text
    assert "embed-plain" in text
    odd = client.get(f"{paths['public']}embed/", {"background": '"><b>'}).content.decode()
    assert "data-background" not in odd
