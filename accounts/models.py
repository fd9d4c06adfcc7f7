"""People who use the site, and the API tokens of their apps."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.dispatch import Signal
from knox.models import AbstractAuthToken

password_changed = Signal()
"""Sent with `user` when a new password was saved: by a page, the reset link, the admin or a command."""


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox names its manager in an untyped module
    """A person, identified by email address."""

    email = models.EmailField("email address", unique=True)
    display_name = models.CharField(max_length=60, blank=True, help_text="Shown next to the models you publish.")
    quota_mb = models.PositiveIntegerField(
        "storage limit in MB", null=True, blank=True, help_text="Leave blank to use the server's default."
    )
    deleted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Its deletion has begun and will be completed."
    )

    class Meta(AbstractUser.Meta):
        permissions = (("ban_user", "Can ban and unban people"),)
        indexes = (models.Index(fields=("id",), name="user_banned", condition=models.Q(is_active=False)),)

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **named: Any) -> None:
        """Save, and send `password_changed` after `set_password` (not when only the hash is renewed at sign-in)."""
        is_changed = getattr(self, "_password", None) is not None and not self._state.adding
        super().save(*args, **named)
        if is_changed:
            password_changed.send(sender=User, user=self)


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """The token of one app or device; only its hash is stored."""

    class Scope(models.TextChoices):
        """What a request with the token may do."""

        READ = "read", "Read only"
        WRITE = "write", "Read and write"

    name = models.CharField(max_length=100, default="app")
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.WRITE)
    is_renewed = models.BooleanField(default=True, help_text="Each use postpones its expiry.")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        """The name in the admin."""

        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    @property
    def scopes(self) -> list[str]:
        """`write` includes `read`."""
        return ["read", "write"] if self.scope == self.Scope.WRITE else ["read"]
