"""API tokens for apps: create one, revoke it."""

from __future__ import annotations

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from accounts.api.serializers import SignInSerializer, TokenSerializer
from accounts.core import tokens
from accounts.core.authentication import BearerAuthentication
from accounts.models import ApiToken, User


class SignIn(APIView):
    """Exchange email and password for a token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "sign-in"

    def get_authenticate_header(self, request: Request) -> str:
        """The scheme for the header of a 401; without it the response would be a 403."""
        return "Bearer"

    @extend_schema(request=SignInSerializer, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        """Create a token (201). An unknown email and a wrong password get the same 401.

        403 if the account has the maximum number of tokens.
        """
        form = SignInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        user = authenticate(request._request, email=values["email"], password=values["password"])
        if user is None:
            raise AuthenticationFailed("Wrong email or password.")
        assert isinstance(user, User)
        row, token = tokens.create(user, values["name"])
        return Response(TokenSerializer({"token": token, "expires_at": row.expiry}).data, status=201)


class SignOut(APIView):
    """Revoke the token of this request."""

    authentication_classes = (BearerAuthentication,)

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Revoke the token that the request is authenticated with (204)."""
        assert isinstance(request.auth, ApiToken)
        request.auth.delete()
        return Response(status=204)
