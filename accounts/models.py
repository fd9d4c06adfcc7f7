"""Who uses the site, and the tokens of their apps."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox names its manager in an untyped module
    """A person, known by e-mail address."""

    email = models.EmailField("e-mail address", unique=True)
    display_name = models.CharField(max_length=60, blank=True, help_text="Shown beside what you publish.")
    quota_mb = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as the server's setting has it.")

    class Meta(AbstractUser.Meta):
        permissions = (("ban_user", "Can ban people and let them in again"),)

    def __str__(self) -> str:
        return self.email


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """A token of one app or device; only its hash is stored."""

    name = models.CharField(max_length=100, default="app")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"
