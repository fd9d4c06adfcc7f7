"""What a token may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.models import ApiToken

if TYPE_CHECKING:  # the views of REST framework load this module while they are loaded
    from rest_framework.request import Request
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """A token with the scope `read` changes nothing."""

    code = "insufficient_scope"
    message = "This token may only read. Use a token with the scope write."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True for a session, for a token that may write, and for a request that only reads."""
        return request.method in SAFE_METHODS or may_write(request)


def may_write(request: Request) -> bool:
    """True for a session, and for a token that may write."""
    token = request.auth
    return not isinstance(token, ApiToken) or token.scope == ApiToken.Scope.WRITE
