"""Collections: what owners can do, and what visitors see through them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from jobs.core import access, collections, moderation, services, sharing
from jobs.models import Collection, Job, State
from reconsite.core.errors import Rejected
from tests.jobs.models import create_models

pytestmark = pytest.mark.django_db


@pytest.fixture
def models(owner: User) -> list[Job]:
    """Three finished, private models of the owner: Model 00000 to Model 00002."""
    create_models(owner, 3)
    return list(Job.objects.order_by("title"))


@pytest.fixture
def collection(owner: User, models: list[Job]) -> Collection:
    """The owner's collection of all three, with a link."""
    row = collections.create(owner, "Shop", "What we sell.", models)
    collections.set_visibility(row, "link")
    return row


def seen(collection: Collection) -> list[str]:
    """Titles of what visitors see, in order."""
    return [item.job.title for item in collections.listed(access.visitors_items(collection.items.all()))]


def ids(collection: Collection) -> list[object]:
    return list(collection.items.values_list("job", flat=True))


def test_a_new_collection_is_private_and_in_the_given_order(owner: User, models: list[Job]) -> None:
    row = collections.create(owner, "  My\nshop ", "Text", models[::-1])
    assert (row.title, row.visibility) == ("My shop", "private")
    assert ids(row) == [job.pk for job in models[::-1]]


def test_a_private_model_is_not_shown_through_a_public_collection(collection: Collection, models: list[Job]) -> None:
    collections.set_visibility(collection, "public")
    assert seen(collection) == []
    assert access.job_in_collection(collection.token, models[0].pk) is None
    assert access.collection_by_token(collection.token) is None, "an empty page would only show the title"


def test_the_owner_chooses_for_each_model_whether_it_follows(collection: Collection, models: list[Job]) -> None:
    collections.set_follows(collection, True, [models[1].pk])
    assert seen(collection) == ["Model 00001"]
    assert access.job_in_collection(collection.token, models[1].pk) == models[1]
    assert access.job_in_collection(collection.token, models[0].pk) is None
    collections.set_follows(collection, False, [models[1].pk])
    assert access.job_in_collection(collection.token, models[1].pk) is None


def test_a_published_model_needs_no_choice_and_a_secret_link_is_none(collection: Collection, models: list[Job]) -> None:
    sharing.publish(models[2])
    sharing.share(models[0])
    assert seen(collection) == ["Model 00002"]


def test_a_model_that_follows_is_not_public_by_itself(collection: Collection, models: list[Job]) -> None:
    collections.set_follows(collection, True)
    collections.set_visibility(collection, "public")
    assert access.job_for_public(models[0].pk) is None
    assert list(access.public_jobs()) == []


def test_a_private_collection_shows_nothing_and_gets_another_link(collection: Collection, models: list[Job]) -> None:
    collections.set_follows(collection, True)
    token = collection.token
    collections.set_visibility(collection, "private")
    assert access.collection_by_token(token) is None
    collections.set_visibility(collection, "link")
    assert collection.token != token
    assert access.collection_by_token(token) is None
    assert access.job_in_collection(token, models[0].pk) is None


def test_only_public_collections_are_listed(collection: Collection) -> None:
    collections.set_follows(collection, True)
    assert list(access.public_collections()) == []
    collections.set_visibility(collection, "public")
    assert list(access.public_collections()) == [collection]
    assert collection.published_at is not None


def test_hidden_deleted_and_banned_is_not_shown(
    collection: Collection, models: list[Job], staff: User, owner: User
) -> None:
    collections.set_follows(collection, True)
    moderation.hide(staff, models[0], "Rude.")
    services.delete(models[1].pk)
    assert seen(collection) == ["Model 00002"]
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert access.collection_by_token(collection.token) is None


def test_a_hidden_collection_is_seen_by_staff_alone(collection: Collection, staff: User, owner: User) -> None:
    collections.set_follows(collection, True)
    assert moderation.hide_collection(staff, collection, "Rude.")
    assert not moderation.hide_collection(staff, collection, "Rude.")
    assert access.collection_by_token(collection.token) is None
    assert access.collection_for_read(owner, collection.pk) is None
    assert access.collection_for_read(staff, collection.pk) == collection
    assert moderation.unhide_collection(staff, collection, "A mistake.")
    assert access.collection_by_token(collection.token) == collection


def test_only_the_owner_changes_it(collection: Collection, owner: User, stranger: User, staff: User) -> None:
    assert access.collection_for_write(owner, collection.pk) == collection
    for other in (stranger, staff, AnonymousUser()):
        assert access.collection_for_write(other, collection.pk) is None
    assert access.collection_for_read(stranger, collection.pk) is None


def test_models_keep_the_order_that_was_chosen(collection: Collection, models: list[Job]) -> None:
    first, second, third = (job.pk for job in models)
    collections.order(collection, [third])
    assert ids(collection) == [third, first, second]
    collections.move(collection, second, -1)
    assert ids(collection) == [third, second, first]
    collections.move(collection, third, -1)
    assert ids(collection) == [third, second, first]
    collections.remove(collection, second)
    collections.add(collection, [models[1]])
    assert ids(collection) == [third, first, second]


def test_adding_a_model_again_keeps_its_place_and_the_choice(collection: Collection, models: list[Job]) -> None:
    assert collections.add(collection, models, follows=True) == 0
    assert seen(collection) == []


def test_only_finished_models_of_the_owner_can_be_added(collection: Collection, job: Job, stranger: User) -> None:
    create_models(stranger, 1)
    for unfit in (job, Job.objects.get(owner=stranger)):
        with pytest.raises(Rejected, match="Only finished models of your own"):
            collections.add(collection, [unfit])


def test_titles_and_numbers_have_limits(owner: User, models: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 1)
    monkeypatch.setattr(collections, "MAX_MODELS", 2)
    with pytest.raises(Rejected) as untitled:
        collections.create(owner, " \n")
    with pytest.raises(Rejected) as full:
        collections.create(owner, "Shop", jobs=models)
    assert (untitled.value.code, full.value.code) == ("collection_title_missing", "too_many_models")
    collections.create(owner, "Shop")
    with pytest.raises(Rejected) as many:
        collections.create(owner, "Class")
    assert many.value.code == "too_many_collections"


def test_deleting_a_collection_keeps_its_models(collection: Collection, models: list[Job]) -> None:
    collections.delete(collection)
    assert Job.objects.filter(state=State.SUCCEEDED).count() == 3
    assert not Collection.objects.exists()


def test_counts_are_for_the_owner_and_for_visitors(collection: Collection, models: list[Job], owner: User) -> None:
    collections.set_follows(collection, True, [models[0].pk])
    services.delete(models[2].pk)
    row: Any = collections.with_counts(access.collections_of(owner)).get()
    assert (row.model_count, row.visible_count) == (2, 1)


def test_a_report_of_a_collection_is_closed_by_hiding_it(collection: Collection, staff: User, stranger: User) -> None:
    report = sharing.report(collection, stranger, "offensive", "The title.")
    assert sharing.report(collection, stranger, "other") == report
    assert report.subject == collection
    assert moderation.close_report(staff, report, "Fine.")
    assert staff.moderation_acts.get().collection == collection
