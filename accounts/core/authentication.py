"""`Authorization: Bearer <token>`, for the API and for sockets."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.core import tokens
from accounts.core.identity import Identity
from accounts.models import ApiToken, User
from reconsite.core.busy import write_if_free


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """knox's token authentication, which also records the token's last use."""

    def renew_token(self, auth_token: ApiToken) -> None:
        """The request does not wait for this: the token is renewed with one of the next ones."""
        if not auth_token.is_renewed:
            return
        write_if_free(lambda: super(BearerAuthentication, self).renew_token(auth_token))

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        """The token's user. Raises AuthenticationFailed for a banned one."""
        user, token = super().validate_user(auth_token)
        tokens.record_use(token)
        return user, token


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the header in the OpenAPI schema."""

    target_class = "accounts.core.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The OpenAPI description of a bearer token."""
        return {"type": "http", "scheme": "bearer"}


def identity_of_header(header: bytes) -> Identity | None:
    """The user and the token in an `Authorization` header, or None."""
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        return None
    try:
        user, row = BearerAuthentication().authenticate_credentials(token.strip())
    except (AuthenticationFailed, UnicodeDecodeError):
        return None
    return Identity(user.pk, token_digest=row.digest)
