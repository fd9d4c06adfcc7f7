"""Words that everybody would guess first on this site are no passwords."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

SITE_WORDS = ("reconsite", "reconstruct", "3dmodel", "3d-model", "photo")
"""Beside the host name. A password may contain them, but not consist of them and a few characters more."""
MIN_OTHER_CHARACTERS = 6
MESSAGE = "This password is too close to the name of this site."


class SiteWordsValidator:
    """For AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        rest = password.lower()
        for word in (*SITE_WORDS, *(urlsplit(settings.SITE_URL).hostname or "").split(".")):
            rest = rest.replace(word, "") if len(word) > 2 else rest
        if rest != password.lower() and len(rest) < MIN_OTHER_CHARACTERS:
            raise ValidationError(MESSAGE, code="password_site_word")

    def get_help_text(self) -> str:
        """What Django's forms show."""
        return "Your password can't be the name of this site with a few characters more."
