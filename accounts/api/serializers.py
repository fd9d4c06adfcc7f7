from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SignInSerializer(serializers.Serializer[dict[str, Any]]):
    """What an app sends to get a token."""

    email = serializers.EmailField()
    password = serializers.CharField(style={"input_type": "password"}, trim_whitespace=False)
    name = serializers.CharField(default="app", max_length=100, help_text="Which app or device this is.")


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    """A new token; it is shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
