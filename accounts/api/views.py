"""API tokens for apps: create one, revoke it."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import SignInSerializer, TokenSerializer
from accounts.core import second_factor, tokens
from accounts.core.authentication import BearerAuthentication
from accounts.models import ApiToken, User
from accounts.pages.mfa_forms import CodeForm
from jobs.api.base import ApiView
from jobs.api.schema import problems
from jobs.api.throttling import ScopedLimit
from reconsite.core.errors import Rejected

FAILURE_WAIT_SECONDS = 300
"""What `Retry-After` says: allauth counts the failures of five minutes per account (its rate `login_failed`)."""


class SignIn(ApiView):
    """Exchange email and password for a token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedLimit,)
    throttle_scope = "sign-in"

    def get_authenticate_header(self, request: Request) -> str:
        """The scheme for the header of a 401; without it the response would be a 403."""
        return "Bearer"

    @extend_schema(request=SignInSerializer, responses={201: TokenSerializer} | problems(401, 403))
    def post(self, request: Request) -> Response:
        """Create a token (201). An unknown email and a wrong password get the same 401.

        With two-factor authentication, `code` is needed too: 401 with `second_factor_required` or `wrong_code`.
        403 if the account has the maximum number of tokens, or lacks the second factor that its role requires. 429
        after several failures, per account and per address, as on the sign-in page.
        """
        form = SignInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        user = _authenticate(request, values["email"], values["password"])
        if user is None:
            raise AuthenticationFailed("Wrong email or password.")
        _check_second_factor(user, values["code"])
        row, token = tokens.create(user, values["name"])
        return Response(TokenSerializer({"token": token, "expires_at": row.expiry}).data, status=201)


def _authenticate(request: Request, email: str, password: str) -> User | None:
    """The active user of these credentials. Raises Throttled after too many failures, which the page counts too."""
    try:
        user = get_adapter().authenticate(request._request, email=email, password=password)
    except ValidationError as error:  # allauth's way of saying that the limit is reached
        raise Throttled(wait=FAILURE_WAIT_SECONDS) from error
    return user if isinstance(user, User) and user.is_active else None


def _check_second_factor(user: User, code: str) -> None:
    """Raises Rejected, or Throttled after too many wrong codes, which the page counts too."""
    if second_factor.is_missing(user):
        raise Rejected("second_factor_missing")
    if not second_factor.is_set_up(user):
        return
    if not code:
        raise Rejected("second_factor_required")
    form = CodeForm(data={"code": code}, user=user)
    if form.has_error("code", "too_many_login_attempts"):
        raise Throttled(wait=FAILURE_WAIT_SECONDS)
    if not form.is_valid():
        raise Rejected("wrong_code")
    form.authenticator.record_usage()


class SignOut(ApiView):
    """Revoke the token of this request."""

    authentication_classes = (BearerAuthentication,)
    permission_classes = (IsAuthenticated,)  # whatever its scope

    @extend_schema(operation_id="auth_tokens_revoke", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Revoke the token that the request is authenticated with (204)."""
        assert isinstance(request.auth, ApiToken)
        request.auth.delete()
        return Response(status=204)
