"""Secrets in addresses do not reach the log: tokens, signed links, tickets, keys, codes, passwords."""

from __future__ import annotations

import logging
import re
from typing import Any

_SECRET = re.compile(r"(/[sc]/|/api/v1/links/|/password/reset/key/|/confirm-email/|[?&](?:ticket|code)=)[^/\s\"'?&]+")
_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")
"""In the address of a service: `redis://:password@host`."""


def mask(text: str) -> str:
    """The text with each secret replaced by an ellipsis."""
    return _PASSWORD.sub(r"\1…", _SECRET.sub(r"\1…", text))


class MaskSecrets(logging.Filter):
    """Masks the message of a log record together with its arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        message = record.getMessage()
        if (masked := mask(message)) != message:
            record.msg, record.args = masked, None
        return True


def mask_access_log() -> None:
    """Mask what daphne writes about each request."""
    from daphne.access import AccessLogGenerator

    write_entry = AccessLogGenerator.write_entry

    def masked(self: Any, host: Any, date: Any, request: str, *args: Any, **named: Any) -> None:
        write_entry(self, host, date, mask(request), *args, **named)

    AccessLogGenerator.write_entry = masked
