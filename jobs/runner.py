"""Where `run` was before it moved: entries that an earlier version queued name this module."""

from jobs.work.runner import run

__all__ = ["run"]
