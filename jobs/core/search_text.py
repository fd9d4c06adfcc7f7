"""The text by which a job is found, and the index over it: trigrams, in PostgreSQL's GIN or in SQLite's FTS5.

jobs/migrations/0023_search_text.py makes both indexes. Neither knows words of one or two letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from jobs.models import Job, JobQuerySet, SearchText

MIN_INDEXED_LENGTH = 3
"""Letters of a trigram."""
MAX_RARE = 20_000
"""A word in more texts than this is soon found without the index, and the index would list them all."""
MISSING_AT_ONCE = 1000
_MATCHING = "SELECT rowid FROM jobs_searchtext_words WHERE jobs_searchtext_words MATCH %s"


def write(jobs: Iterable[Job]) -> None:
    """Note the texts of these jobs after title or tags have changed. Reads their tags."""
    rows = [SearchText(job=job, text=text_of(job.title, [tag.name for tag in job.tags.all()])) for job in jobs]
    SearchText.objects.bulk_create(rows, update_conflicts=True, unique_fields=["job"], update_fields=["text"])


def write_missing() -> int:
    """Note texts that are not there: of jobs made by an older version, while the site was updated."""
    jobs = Job.objects.filter(search_text=None).prefetch_related("tags")[:MISSING_AT_ONCE]
    write(jobs)
    return len(jobs)


def text_of(title: str, tags: Sequence[str]) -> str:
    """Title and tags in lower case, one in each line, so that no word is found across two of them."""
    return "\n".join((title, *tags)).lower()


def with_word(jobs: JobQuerySet, word: str) -> JobQuerySet:
    """The jobs with this text, which must not contain white space, anywhere in title or tags.

    A frequent word is looked for in the text of one job after the other, so that a person's own few models do not cost
    a search through everybody's. PostgreSQL decides by itself whether to begin with the index instead.
    """
    if connection.vendor == "sqlite" and len(word) >= MIN_INDEXED_LENGTH and _is_rare(word):
        texts = SearchText.objects.filter(pk__in=RawSQL(_MATCHING, [_phrase(word)]))  # nosec B611 (a parameter)
        return jobs.filter(pk__in=texts.values("job"))
    return jobs.filter(Exists(SearchText.objects.filter(job=OuterRef("pk"), text__contains=word.lower())))


def _is_rare(word: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({_MATCHING} LIMIT {MAX_RARE + 1})", [_phrase(word)])  # nosec B608
        return int(cursor.fetchone()[0]) <= MAX_RARE


def _phrase(word: str) -> str:
    """As FTS5 wants a literal text."""
    return '"' + word.replace('"', '""') + '"'
