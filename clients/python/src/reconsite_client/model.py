"""What the server sends: jobs and problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FINISHED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Job:
    """A job as it was when it was read. `data` has every field of the API."""

    id: str
    title: str
    state: str
    stage: str
    progress: float
    eta_seconds: float | None
    data: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Job:
        """From the JSON of the API."""
        names = ("id", "title", "state", "stage", "progress", "eta_seconds")
        return cls(**{name: data[name] for name in names}, data=data)

    @property
    def is_finished(self) -> bool:
        """True once nothing more happens by itself."""
        return self.state in FINISHED

    @property
    def files(self) -> list[dict[str, Any]]:
        """Name, size, SHA-256 and address of each result file."""
        return list(self.data["files"])


class Problem(Exception):
    """The server has rejected a request (RFC 9457), or could not be reached (`code` is `unreachable`)."""

    def __init__(self, status: int, body: dict[str, Any], retry_after: float | None = None) -> None:
        self.status, self.body, self.retry_after = status, body, retry_after
        self.code = str(body.get("code", "error"))
        self.detail = str(body.get("detail", f"The server answered with status {status}."))
        self.advice = str(body.get("advice", ""))
        self.retryable = bool(body.get("retryable", False))
        super().__init__(f"{self.detail} [{self.code}]")
