"""People who use the site, and the API tokens of their apps."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox names its manager in an untyped module
    """A person, identified by email address."""

    email = models.EmailField("email address", unique=True)
    display_name = models.CharField(max_length=60, blank=True, help_text="Shown next to the models you publish.")
    quota_mb = models.PositiveIntegerField(null=True, blank=True, help_text="Leave blank to use the server's default.")

    class Meta(AbstractUser.Meta):
        permissions = (("ban_user", "Can ban and unban people"),)

    def __str__(self) -> str:
        return self.email


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """The token of one app or device; only its hash is stored."""

    name = models.CharField(max_length=100, default="app")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"
