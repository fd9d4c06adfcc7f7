"""Requests and responses of the token endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SignInSerializer(serializers.Serializer[dict[str, Any]]):
    """Credentials for a new token."""

    email = serializers.EmailField()
    password = serializers.CharField(style={"input_type": "password"}, trim_whitespace=False)
    code = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=20,
        help_text="From the authenticator app, or a recovery code: only with two-factor authentication.",
    )
    name = serializers.CharField(default="app", max_length=100, help_text="Name of the app or device.")


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    """A new token. It cannot be retrieved again."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
