"""Headers that say what is left, and what will end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from pytest_django import Settings
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.models import User
from jobs.api.deprecation import deprecated
from jobs.models import Job, State
from tests.conftest import api_of, in_state
from tests.jobs.api.test_jobs import upload

MEGABYTE = 1024**2


def quotas(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("Quota-")}


@pytest.mark.django_db
def test_a_new_job_says_what_is_left(owner: User, photo: bytes, settings: Settings) -> None:
    settings.QUOTA_MB, settings.MAX_ACTIVE_JOBS = 10, 2
    found = quotas(upload(owner, photo))
    assert (found["Quota-Storage-Limit"], found["Quota-Jobs-Limit"]) == (str(10 * MEGABYTE), "2")
    assert int(found["Quota-Storage-Remaining"]) == 10 * MEGABYTE - Job.objects.get().size
    assert found["Quota-Jobs-Remaining"] == "1"


@pytest.mark.django_db
def test_a_rejection_says_it_too_and_nothing_is_below_zero(owner: User, photo: bytes, settings: Settings) -> None:
    settings.QUOTA_MB, settings.MAX_ACTIVE_JOBS = 10, 1
    upload(owner, photo)
    Job.objects.update(size=11 * MEGABYTE)
    settings.MAX_ACTIVE_JOBS = 0
    rejected = upload(owner, photo)
    assert rejected.status_code == 429
    assert (quotas(rejected)["Quota-Storage-Remaining"], quotas(rejected)["Quota-Jobs-Remaining"]) == ("0", "0")


@pytest.mark.django_db
def test_a_deleted_job_gives_its_storage_back_once_the_bin_is_empty(job: Job, owner: User, settings: Settings) -> None:
    settings.QUOTA_MB = 10
    deleted = quotas(api_of(owner).delete(f"/api/v1/jobs/{in_state(job, State.CANCELLED).pk}/"))
    assert deleted["Quota-Storage-Remaining"] == str(10 * MEGABYTE - job.size)
    api_of(owner).post("/api/v1/bin/empty/")
    assert quotas(api_of(owner).get("/api/v1/account/"))["Quota-Storage-Remaining"] == str(10 * MEGABYTE)


@pytest.mark.django_db
def test_without_a_limit_there_is_no_figure(owner: User, settings: Settings) -> None:
    settings.QUOTA_MB = 0
    assert set(quotas(api_of(owner).get("/api/v1/account/"))) == {"Quota-Jobs-Limit", "Quota-Jobs-Remaining"}


@pytest.mark.django_db
def test_reading_a_job_asks_for_no_quota(job: Job, owner: User) -> None:
    assert not quotas(api_of(owner).get(f"/api/v1/jobs/{job.pk}/"))


class Ending(APIView):
    """An operation that will end."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @deprecated(since=date(2027, 1, 1), sunset=date(2027, 7, 3), successor="/api/v1/server/")
    def get(self, request: Request) -> Response:
        """Nothing."""
        return Response({"ok": True})

    @deprecated(since=date(2027, 1, 1), sunset=date(2027, 7, 3))
    def post(self, request: Request) -> Response:
        """Fails."""
        return Response({"ok": request.data})


def test_what_will_end_says_so_in_each_response() -> None:
    request = APIRequestFactory().get("/")
    response = Ending.as_view()(request)
    assert (response.data, response["Deprecation"]) == ({"ok": True}, "@1798761600")
    assert response["Sunset"] == "Sat, 03 Jul 2027 00:00:00 GMT"
    assert response["Link"] == '</api/v1/server/>; rel="successor-version"'


@pytest.mark.django_db
def test_also_an_error_says_that_the_operation_will_end() -> None:
    response = Ending.as_view()(APIRequestFactory().post("/", "{", content_type="application/json"))
    assert (response.status_code, response["Deprecation"]) == (400, "@1798761600")
    assert "Link" not in response


def test_what_will_end_is_deprecated_in_the_schema() -> None:
    patterns = [path("api/v1/ending/", Ending.as_view())]
    generator: Any = SchemaGenerator
    schema = generator(patterns=patterns).get_schema(request=None, public=True)
    assert [operation["deprecated"] for operation in schema["paths"]["/api/v1/ending/"].values()] == [True, True]


def test_half_a_year_is_the_shortest_notice() -> None:
    with pytest.raises(ValueError, match="fewer than 183 days"):
        deprecated(since=date(2027, 1, 1), sunset=date(2027, 6, 30))
