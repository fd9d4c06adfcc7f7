"""Tokens for apps: get one, give it back."""

from __future__ import annotations

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from accounts.api.serializers import SignInSerializer, TokenSerializer
from accounts.core import tokens
from accounts.core.authentication import BearerAuthentication
from accounts.models import ApiToken, User
from reconsite.core.errors import Rejected


class SignIn(APIView):
    """Exchange e-mail and password for a token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "sign-in"

    def get_authenticate_header(self, request: Request) -> str:
        """Without it a refusal would be 403: there is no authentication class here to name a scheme."""
        return "Bearer"

    @extend_schema(request=SignInSerializer, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        """201 with the token; 401 with the same sentence for an unknown address and a wrong password.

        403 when the person has as many tokens as one may have.
        """
        form = SignInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        user = authenticate(request._request, email=wanted["email"], password=wanted["password"])
        if user is None:
            raise AuthenticationFailed("E-mail address or password is wrong.")
        assert isinstance(user, User)
        try:
            row, token = tokens.create(user, wanted["name"])
        except Rejected as error:
            raise PermissionDenied(error.message, code=error.code) from error
        return Response(TokenSerializer({"token": token, "expires_at": row.expiry}).data, status=201)


class SignOut(APIView):
    """Give the token back that this request carries."""

    authentication_classes = (BearerAuthentication,)

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """204; the token is worthless from now on."""
        assert isinstance(request.auth, ApiToken)
        request.auth.delete()
        return Response(status=204)
