"""The pages of collections, for their owner, strangers, moderators and nobody at all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.data.export import entries_of
from accounts.models import ApiToken, User
from jobs.core import collections, sharing
from jobs.models import AbuseReport, Collection, Job
from ml import files
from tests.conftest import encoded, picture, signed_in
from tests.jobs.models import add_file, create_models, finish

pytestmark = pytest.mark.django_db

LIST, CHOOSE = "/collections/", "/collections/choose/"


@pytest.fixture
def models(owner: User, submit: Callable[..., Job]) -> list[Job]:
    """Two finished models with files: a lamp and a chair, both private."""
    return [finish(submit(title="Lamp")), finish(submit(title="Chair"))]


@pytest.fixture
def collection(owner: User, models: list[Job]) -> Collection:
    """Both, with a link; only the lamp follows the collection."""
    row = collections.create(owner, "Shop", "What we sell.", models)
    collections.set_visibility(row, "link")
    collections.set_follows(row, True, [models[0].pk])
    return row


def shared(collection: Collection, *rest: object) -> str:
    return f"/c/{collection.token}/" + "".join(f"{part}/" for part in rest)


def test_a_collection_is_created_filled_and_ordered(owner: User, models: list[Job]) -> None:
    browser = signed_in(owner)
    page = browser.post(LIST, {"title": "Shop", "description": ""}, follow=True)
    assert "No models in it yet" in page.content.decode()
    row = Collection.objects.get()
    chosen = {"job": [str(job.pk) for job in models], "collection": str(row.pk)}
    assert "2 models added to “Shop”" in browser.post(CHOOSE, chosen, follow=True).content.decode()
    browser.post(reverse("jobs:collection_items", args=[row.pk]), {"down": str(models[0].pk)})
    html = browser.get(row.get_absolute_url()).content.decode()
    assert html.index(">Chair</a>") < html.index(">Lamp</a>")


def test_selected_models_go_into_a_new_collection(owner: User, models: list[Job]) -> None:
    browser = signed_in(owner)
    selected = {"bulk_action": "collect", "job": [str(job.pk) for job in models]}
    asked = browser.post("/models/bulk/", selected, follow=True)
    assert "Add 2 models to a collection" in asked.content.decode()
    browser.post(CHOOSE, {"job": selected["job"], "collection": "", "title": "Portfolio", "follows": "on"})
    items = Collection.objects.get(title="Portfolio").items.all()
    assert [(item.job.title, item.follows_collection) for item in items] == [("Lamp", True), ("Chair", True)]


def test_models_that_are_added_stay_private_without_the_choice(owner: User, models: list[Job]) -> None:
    signed_in(owner).post(CHOOSE, {"job": [str(models[0].pk)], "title": "Class"})
    assert not Collection.objects.get().items.get().follows_collection


def test_strangers_see_only_what_follows(collection: Collection, models: list[Job], stranger: User) -> None:
    lamp, chair = models
    for visitor in (signed_in(stranger), Client()):
        html = visitor.get(shared(collection)).content.decode()
        assert "What we sell." in html
        assert "Lamp" in html
        assert "Chair" not in html
        assert str(chair.pk) not in html
        assert visitor.get(shared(collection, lamp.pk)).status_code == 200
        assert visitor.get(f"{shared(collection, lamp.pk)}files/mesh.glb").status_code == 200
        assert visitor.get(f"{shared(collection, lamp.pk)}files.zip").status_code == 200
        for rest in ("", "files/mesh.glb", "files.zip", "picture.jpg", "report/"):
            assert visitor.get(f"{shared(collection, chair.pk)}{rest}").status_code == 404, rest
        assert str(chair.pk) not in visitor.get(f"{shared(collection)}embed/?model={chair.pk}").content.decode()
        assert visitor.get(collection.get_absolute_url()).status_code in (302, 404)


def test_no_cache_keeps_a_page_of_a_link(collection: Collection, models: list[Job]) -> None:
    for path in (shared(collection), shared(collection, models[0].pk), f"{shared(collection)}embed/"):
        assert Client().get(path)["Cache-Control"] == "private, no-store"


def test_a_visitor_gets_no_photo_of_a_model_that_is_shown(collection: Collection, models: list[Job]) -> None:
    path = f"{shared(collection, models[0].pk)}files/"
    assert Client().get(path + files.CUTOUT).status_code == 404
    assert Client().get(path + files.SCENE).status_code == 404
    assert files.CUTOUT not in Client().get(shared(collection, models[0].pk)).content.decode()


@pytest.mark.parametrize("action", ["edit", "visibility", "items", "delete"])
def test_only_the_owner_changes_a_collection(
    action: str, collection: Collection, models: list[Job], stranger: User, staff: User
) -> None:
    data = {"title": "Stolen", "visibility": "public", "show_all": "1"}
    for user in (stranger, staff):
        assert signed_in(user).post(f"{collection.get_absolute_url()}{action}/", data).status_code == 404
    assert Client().post(f"{collection.get_absolute_url()}{action}/", data).status_code == 302
    collection.refresh_from_db()
    assert (collection.title, collection.visibility) == ("Shop", "link")
    assert collection.items.filter(follows_collection=True).count() == 1


def test_a_moderator_sees_it_without_buttons(collection: Collection, staff: User) -> None:
    html = signed_in(staff).get(collection.get_absolute_url()).content.decode()
    assert "Shop" in html
    assert "Save visibility" not in html
    assert 'name="remove"' not in html


def test_the_owner_chooses_who_sees_what(collection: Collection, owner: User) -> None:
    browser, path = signed_in(owner), collection.get_absolute_url()
    assert "Visitors see 1 of 2 models" in browser.get(path).content.decode()
    browser.post(f"{path}items/", {"show_all": "1"})
    assert "Visitors see 2 of 2 models" in browser.get(path).content.decode()
    browser.post(f"{path}visibility/", {"visibility": "private"})
    assert Client().get(shared(collection)).status_code == 404
    browser.post(f"{path}edit/", {"title": "Our shop", "description": "New"})
    collection.refresh_from_db()
    assert (collection.title, collection.description) == ("Our shop", "New")


def test_a_public_collection_is_found_in_explore(collection: Collection) -> None:
    assert "Shop" not in Client().get("/explore/collections/").content.decode()
    assert 'content="noindex"' in Client().get(shared(collection)).content.decode()
    collections.set_visibility(collection, "public")
    assert "1 model</p>" in Client().get("/explore/collections/").content.decode()
    assert 'content="noindex"' not in Client().get(shared(collection)).content.decode()


def test_a_collection_and_its_models_are_reported(collection: Collection, models: list[Job], staff: User) -> None:
    Client().post(f"{shared(collection)}report/", {"reason": "offensive", "text": "The title"})
    Client().post(f"{shared(collection, models[0].pk)}report/", {"reason": "copyright"})
    assert {report.subject for report in AbuseReport.objects.all()} == {collection, models[0]}
    reviewed = signed_in(staff).get("/admin/jobs/abusereport/").content.decode()
    assert "Collection: Shop" in reviewed


def test_a_moderator_hides_a_reported_collection(collection: Collection, models: list[Job], staff: User) -> None:
    report = sharing.report(collection, None, "offensive")
    chosen = {"action": "hide_model", "_selected_action": report.pk, "reason": "Rude title."}
    signed_in(staff).post("/admin/jobs/abusereport/", chosen)
    report.refresh_from_db()
    assert report.closed_at is not None
    assert Client().get(shared(collection)).status_code == 404
    models[0].refresh_from_db()
    assert models[0].hidden_at is None, "the models stay as they are"


def test_the_admin_lists_collections(collection: Collection, staff: User) -> None:
    browser = signed_in(staff)
    assert "Shop" in browser.get("/admin/jobs/collection/").content.decode()
    assert "Hide from everyone" in browser.get(f"/admin/jobs/collection/{collection.pk}/change/").content.decode()


def test_other_sites_may_frame_the_embed_page_alone(collection: Collection, models: list[Job]) -> None:
    embed = Client().get(f"{shared(collection)}embed/")
    assert "X-Frame-Options" not in embed.headers
    assert "frame-ancestors *" in embed["Content-Security-Policy"]
    assert "X-Frame-Options" in Client().get(shared(collection)).headers
    assert f'href="?model={models[0].pk}" aria-current="page"' in embed.content.decode()


def test_a_link_to_a_collection_unfolds(collection: Collection, models: list[Job]) -> None:
    site = "http://localhost:8000"
    for artifact in Job.objects.get(pk=models[0].pk).artifacts.filter(name=files.POSTER):
        artifact.delete()
    add_file(models[0], files.POSTER, encoded(picture(mode="RGB"), "WEBP"))
    answer = Client().get("/oembed/", {"url": site + shared(collection)}).json()
    assert answer["title"] == "Shop"
    assert f"{shared(collection)}embed/" in answer["html"]
    image = Client().get(answer["thumbnail_url"].removeprefix(site))
    assert (image.status_code, image["Content-Type"]) == (200, "image/jpeg")
    of_model = Client().get("/oembed/", {"url": site + shared(collection, models[0].pk)}).json()
    assert of_model["title"] == "Lamp"
    assert Client().get("/oembed/", {"url": site + shared(collection, models[1].pk)}).status_code == 404


def test_the_account_export_lists_collections(collection: Collection, owner: User) -> None:
    account = next(entry.content for entry in entries_of(owner) if entry.path == "account.json")
    assert isinstance(account, bytes)
    assert b'"title": "Shop"' in account
    assert b'"follows_collection": true' in account


COUNTS = Path(__file__).with_name("collection_query_counts.csv")
"""Database queries of each page and operation, with 1 collection of 1 model and with 50 of 50."""


def counted(client: Client | APIClient, path: str) -> int:
    client.get(path)  # sessions and caches
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def addresses(owner: User) -> dict[str, tuple[Client, str]]:
    """Each page and operation with its client and path."""
    first = Collection.objects.order_by("created_at").first()
    assert first is not None
    job_id = first.items.values_list("job", flat=True)[0]
    token = Client(headers={"authorization": f"Bearer {ApiToken.objects.create(user=owner)[1]}"})
    return {
        "GET /collections/": (signed_in(owner), LIST),
        "GET /collections/<id>/": (signed_in(owner), first.get_absolute_url()),
        "GET /collections/choose/": (signed_in(owner), f"{CHOOSE}?job={job_id}"),
        "GET /explore/collections/": (Client(), "/explore/collections/"),
        "GET /c/<token>/": (Client(), shared(first)),
        "GET /c/<token>/<id>/": (Client(), shared(first, job_id)),
        "GET /c/<token>/embed/": (Client(), f"{shared(first)}embed/"),
        "GET /api/v1/collections/": (token, "/api/v1/collections/?page_size=50"),
        "GET /api/v1/collections/<id>/": (token, f"/api/v1/collections/{first.pk}/"),
        "GET /api/v1/jobs/?collection=<id>": (token, f"/api/v1/jobs/?collection={first.pk}&page_size=50"),
    }


def public_collections(owner: User, count: int) -> None:
    """`count` public collections, all with the same `count` models, which follow them."""
    create_models(owner, count)
    for index in range(count):
        row = collections.create(owner, f"Collection {index}", jobs=list(Job.objects.all()))
        collections.set_visibility(row, "public")
        collections.set_follows(row, True)


def test_fifty_rows_need_as_many_queries_as_one(owner: User) -> None:
    """Against the declared counts, so that a change of either is seen in review."""
    counts: dict[str, list[int]] = {}
    for rows in (1, 50):
        Job.objects.all().delete()
        Collection.objects.all().delete()
        public_collections(owner, rows)
        for name, (client, path) in addresses(owner).items():
            counts.setdefault(name, []).append(counted(client, path))
    with COUNTS.open(newline="") as file:
        declared = {row["page"]: [int(row["queries_1"]), int(row["queries_50"])] for row in csv.DictReader(file)}
    assert counts == declared
    assert all(one == fifty for one, fifty in counts.values())
