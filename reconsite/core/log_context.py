"""Which request and which job a log line belongs to."""

from __future__ import annotations

import contextlib
import logging
import re
import uuid
from collections.abc import Iterator
from contextvars import ContextVar

_FROM_PROXY = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""What nginx's `$request_id`, a UUID and a trace id look like: nothing that could break a log line."""

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_job_id: ContextVar[str] = ContextVar("job_id", default="")


class AddContext(logging.Filter):
    """Adds `request_id` and `job_id` to each record, where there is one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        for name, variable in (("request_id", _request_id), ("job_id", _job_id)):
            if value := variable.get():
                setattr(record, name, value)
        return True


@contextlib.contextmanager
def request(sent: str = "") -> Iterator[str]:
    """Lines that are logged within belong to this request; yields its id: `sent`, unless that is odd."""
    request_id = sent if _FROM_PROXY.fullmatch(sent) else uuid.uuid4().hex
    token = _request_id.set(request_id)
    try:
        yield request_id
    finally:
        _request_id.reset(token)


@contextlib.contextmanager
def job(job_id: str) -> Iterator[None]:
    """Lines that are logged within belong to this job."""
    token = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(token)
