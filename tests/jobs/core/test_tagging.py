"""Tags are normalised and limited in length and number."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from jobs.core import services, tagging
from jobs.models import Job, Tag
from reconsite.core.errors import Rejected

pytestmark = pytest.mark.django_db


def test_names_are_trimmed_lower_case_and_unique(job: Job) -> None:
    assert tagging.set_tags(job, ["  Red   Chair ", "red chair", "LAMP, wood", ""]) == ["red chair", "lamp", "wood"]
    assert tagging.names_of(job) == ["lamp", "red chair", "wood"]


def test_new_tags_replace_the_old_and_unused_tags_are_deleted(job: Job) -> None:
    tagging.set_tags(job, ["a", "b"])
    tagging.set_tags(job, ["b", "c"])
    assert tagging.names_of(job) == ["b", "c"]
    assert list(Tag.objects.values_list("name", flat=True)) == ["b", "c"]


def test_a_tag_of_another_model_is_kept(submit: Callable[..., Job], owner: User) -> None:
    first, second = submit(), submit()
    for job in (first, second):
        tagging.set_tags(job, ["shared"])
    tagging.set_tags(first, [])
    tags: Any = tagging.tags_of(owner)
    assert [(tag.name, tag.uses) for tag in tags] == [("shared", 1)]


def test_deleting_the_last_model_of_a_tag_deletes_the_tag(job: Job) -> None:
    tagging.set_tags(job, ["only"])
    services.delete(job.pk)
    assert not Tag.objects.exists()


def test_two_people_can_have_the_same_tag(submit: Callable[..., Job], owner: User, stranger: User) -> None:
    tagging.set_tags(submit(owner), ["lamp"])
    tagging.set_tags(submit(stranger), ["lamp"])
    assert Tag.objects.filter(name="lamp").count() == 2


@pytest.mark.parametrize(
    ("names", "code"), [(["x" * 31], "tag_too_long"), ([str(number) for number in range(11)], "too_many_tags")]
)
def test_too_many_or_too_long_tags_are_rejected_and_change_nothing(job: Job, names: list[str], code: str) -> None:
    tagging.set_tags(job, ["old"])
    with pytest.raises(Rejected) as rejected:
        tagging.set_tags(job, names)
    assert rejected.value.code == code
    assert tagging.names_of(job) == ["old"]
