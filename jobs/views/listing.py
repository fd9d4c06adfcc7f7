"""What the lists share: the filters in the URL (`?q=lamp&tag=toys&state=public&sort=title&page=3`) and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page
from django.http import HttpRequest

from jobs.core.counts import CountedPaginator
from jobs.core.search import SORTS
from jobs.models import Job, JobQuerySet

SORT_LABELS = {"newest": "Newest first", "oldest": "Oldest first", "title": "By title", "largest": "Largest first"}
MAX_QUERY_LENGTH = 100
"""Characters; as long as a title can be."""
UNLISTED_COLUMNS = ("report", "failure_detail")
"""Large columns that no list shows."""


@dataclass(frozen=True)
class ListQuery:
    """The filters and the order of a list. An empty string means no filter."""

    text: str
    tag: str
    state: str
    sort: str

    @property
    def is_filtered(self) -> bool:
        """True if a filter may hide something."""
        return bool(self.text or self.tag or self.state)


def read_query(request: HttpRequest, states: tuple[str, ...] = ()) -> ListQuery:
    """Read the query from the URL; an unknown state or order is ignored."""
    state, sort = request.GET.get("state", ""), request.GET.get("sort", "")
    return ListQuery(
        text=_text_parameter(request, "q"),
        tag=_text_parameter(request, "tag"),
        state=state if state in states else "",
        sort=sort if sort in SORTS else SORTS[0],
    )


def _text_parameter(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "").strip()[:MAX_QUERY_LENGTH]  # PostgreSQL rejects NUL


def paginate(request: HttpRequest, jobs: JobQuerySet, page_size: int) -> Page[Job]:
    """The page that the URL requests; the nearest one if the number is out of range."""
    return CountedPaginator(jobs.defer(*UNLISTED_COLUMNS), page_size).get_page(request.GET.get("page"))


def uuid_or_none(text: str) -> UUID | None:
    """The id in a parameter; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
