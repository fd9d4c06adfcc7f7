"""The text by which a job is found follows its title and tags, and the database finds it in an index."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from jobs.core import search_text, services, tagging
from jobs.core.search import search
from jobs.models import Job, SearchText

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["in the index", "without it"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word is looked up in the index, or counts as too frequent for it."""
    if request.param == "without it":
        monkeypatch.setattr(search_text, "MAX_RARE", -1)


def found(text: str) -> list[str]:
    return [job.title for job in search(Job.objects.all(), text)]


@pytest.mark.parametrize(
    "text", ["lamp", "LAMP", "am", "red lam", "äpfel", "ÄPFEL", '12"', "50%", "o'", "ü_ber", "kitchen", "tchen"]
)
def test_every_part_of_title_and_tags_is_found(submit: Callable[..., Job], either_way: None, text: str) -> None:
    job = submit(title="Red LAMP 12\" Äpfel 50% o'clock ü_ber")
    submit(title="Something else")
    tagging.set_tags(job, ["kitchen"])
    assert found(text) == [job.title]


@pytest.mark.parametrize("text", ["lump", "ü%ber", "lamp*", "red OR lamp", '"', "lampkitchen"])
def test_signs_of_a_search_language_are_letters_here(submit: Callable[..., Job], either_way: None, text: str) -> None:
    tagging.set_tags(submit(title="Red lamp über"), ["kitchen"])
    assert found(text) == []


def test_the_text_follows_the_title_and_the_tags(submit: Callable[..., Job], either_way: None) -> None:
    job = submit(title="Lamp")
    services.rename(job, "Chair")
    tagging.set_tags(job, ["kitchen"])
    assert (found("lamp"), found("chair"), found("kitchen")) == ([], ["Chair"], ["Chair"])
    tagging.set_tags(job, ["garden"])
    assert (found("kitchen"), found("garden")) == ([], ["Chair"])
    job.delete()
    assert found("chair") == []
    assert not SearchText.objects.exists()


def test_texts_of_jobs_made_by_an_older_version_are_written_later(submit: Callable[..., Job]) -> None:
    job = submit(title="Lamp")
    SearchText.objects.all().delete()
    assert found("lamp") == []
    assert search_text.write_missing() == 1
    assert found("lamp") == [job.title]
    assert search_text.write_missing() == 0


def test_the_database_finds_a_rare_word_in_the_index(submit: Callable[..., Job]) -> None:
    submit(title="Lamp")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # an empty table is read without an index
        assert "search_text_trigrams" in SearchText.objects.filter(text__contains="lamp").explain()
    else:
        assert "jobs_searchtext_words VIRTUAL TABLE INDEX" in search(Job.objects.all(), "lamp").explain()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses its plan by its statistics")
def test_a_frequent_word_is_looked_for_in_the_texts_of_these_jobs_only(
    submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_text, "MAX_RARE", -1)
    job = submit(title="Lamp")
    plan = search(Job.objects.filter(owner=job.owner), "lamp").explain()
    assert "SCAN jobs_searchtext" not in plan
    assert "CORRELATED SCALAR SUBQUERY" in plan
