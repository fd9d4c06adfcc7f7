"""How much storage a person's photos and results use, and how much they may use."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, Sum

from accounts.models import User
from jobs.models import Job, State
from reconsite.core.errors import Rejected

MEGABYTE = 1024**2
GIGABYTE = 1024**3
"""Bytes, binary: what people read as MB and GB on these pages."""


@dataclass(frozen=True)
class Usage:
    """Finished models, bytes of photos and results together, and the limit in bytes (0: there is none).

    `bytes` includes `bin_bytes`, those of the `bin_models` deleted jobs whose files are still kept.
    """

    models: int
    bytes: int
    limit_bytes: int
    bin_models: int = 0
    bin_bytes: int = 0

    @property
    def fraction(self) -> float:
        """Used share of the limit, 0 to 1; 0 without a limit."""
        return min(self.bytes / self.limit_bytes, 1.0) if self.limit_bytes else 0.0


def usage(user: User) -> Usage:
    """What `user` has stored now. A deleted job counts until its files are deleted, results once they are stored."""
    finished = Count("state", filter=Q(state=State.SUCCEEDED, deleted_at=None))
    in_bin = Q(deleted_at__isnull=False)
    sums = Job.objects.filter(owner=user).aggregate(
        models=finished,
        bytes=Sum("size", default=0),
        bin_models=Count("state", filter=in_bin),
        bin_bytes=Sum("size", filter=in_bin, default=0),
    )
    return Usage(**sums, limit_bytes=limit_bytes(user))


def limit_bytes(user: User) -> int:
    """The person's own limit, else the server's; 0 means no limit."""
    megabytes = settings.QUOTA_MB if user.quota_mb is None else user.quota_mb
    return int(megabytes) * MEGABYTE


def check(user: User, incoming_bytes: int) -> None:
    """Raises Rejected(`quota_exceeded`) when `incoming_bytes` more would exceed the limit.

    The size of a job's results is not known in advance: they may exceed the limit a little.
    """
    now = usage(user)
    if now.limit_bytes and now.bytes + incoming_bytes > now.limit_bytes:
        raise Rejected("quota_exceeded", _quota_message(now))


def _quota_message(now: Usage) -> str:
    used, limit = _readable_size(now.bytes), _readable_size(now.limit_bytes)
    advice = "Empty your bin" if now.bin_bytes else "Delete some models and empty your bin"
    return f"You're using {used} of your {limit} of storage. {advice}, or ask the operator for more storage."


def _readable_size(size: int) -> str:
    """“1.5 GB”. Django's own `filesizeformat` belongs to its templates, which the core does not import."""
    unit, name = (GIGABYTE, "GB") if size >= GIGABYTE else (MEGABYTE, "MB")
    return f"{size / unit:.1f}\N{NO-BREAK SPACE}{name}"
