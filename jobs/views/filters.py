"""What a list's address asks for: `?q=lamp&tag=toys&state=public&sort=title&page=3`."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from jobs.core.search import SORTS

SORT_LABELS = {"newest": "Newest first", "oldest": "Oldest first", "title": "By title", "largest": "Largest first"}
TEXT_LENGTH = 100


@dataclass(frozen=True)
class Wanted:
    """Empty words leave a filter out."""

    text: str
    tag: str
    state: str
    sort: str

    @property
    def narrowed(self) -> bool:
        """True when something may be left out of the list."""
        return bool(self.text or self.tag or self.state)


def wanted(request: HttpRequest, states: tuple[str, ...] = ()) -> Wanted:
    """Read from the address; a state or an order that does not exist counts as not given."""
    state, sort = request.GET.get("state", ""), request.GET.get("sort", "")
    return Wanted(
        text=request.GET.get("q", "").replace("\x00", "").strip()[:TEXT_LENGTH],
        tag=request.GET.get("tag", "").replace("\x00", "").strip()[:TEXT_LENGTH],
        state=state if state in states else "",
        sort=sort if sort in SORTS else SORTS[0],
    )
