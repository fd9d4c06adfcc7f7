"""One's own account: profile with storage and limits, password, personal tokens, export, deletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.internal.flows import password_change
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.registration import PasswordField, read, require_valid
from accounts.core import tokens
from accounts.data import export
from accounts.data.deletion import delete_account
from accounts.models import ApiToken, User
from accounts.pages.auth_forms import ChangePasswordForm
from accounts.pages.forms import DeleteAccountForm, TokenForm
from jobs.api.base import ApiView
from jobs.api.conditional import NOT_MODIFIED, with_etag
from jobs.api.quota_headers import QuotaHeaders
from jobs.api.schema import problems
from jobs.api.throttling import ScopedLimit
from jobs.core import quota
from jobs.http.lookup import get_or_404
from jobs.models import Job

PASSWORD_WAIT_SECONDS = 60
"""What `Retry-After` says after too many passwords: allauth's rate `reauthenticate` is per minute."""
MAX_TOKEN_DAYS = 3650
"""Longer than any app lives; a token can also never expire."""


class StorageSerializer(serializers.Serializer[Any]):
    """Storage in bytes."""

    used = serializers.IntegerField(help_text="Photos and results.")
    limit = serializers.IntegerField(allow_null=True, help_text="Null without a limit.")
    models = serializers.IntegerField(help_text="Finished models.")
    bin = serializers.IntegerField(help_text="The part of `used` that is in the bin.")


class AccountSerializer(serializers.ModelSerializer[User]):
    """Your account. Only `display_name` can be changed."""

    email_confirmed = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="date_joined", read_only=True)
    storage = serializers.SerializerMethodField()
    active_jobs = serializers.SerializerMethodField()
    max_active_jobs = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "email",
            "email_confirmed",
            "display_name",
            "created_at",
            "storage",
            "active_jobs",
            "max_active_jobs",
        )
        read_only_fields = ("email",)

    def get_email_confirmed(self, user: User) -> bool:
        """True once the link in the email was opened."""
        return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())

    @extend_schema_field(StorageSerializer)
    def get_storage(self, user: User) -> dict[str, Any]:
        """What your photos and models use."""
        used = quota.usage(user)
        return {"used": used.bytes, "limit": used.limit_bytes or None, "models": used.models, "bin": used.bin_bytes}

    def get_active_jobs(self, user: User) -> int:
        """Queued and running."""
        return Job.objects.active().filter(owner=user, deleted_at=None).count()

    def get_max_active_jobs(self, user: User) -> int:
        """As many may be queued or running at once."""
        return int(settings.MAX_ACTIVE_JOBS)


class Account(QuotaHeaders):
    """Your account."""

    action = "account"
    quota_actions = (action,)

    @extend_schema(operation_id="account_retrieve", responses={200: AccountSerializer} | NOT_MODIFIED)
    def get(self, request: Request) -> Response:
        """Profile, storage and limits."""
        return with_etag(request, Response(AccountSerializer(me(request)).data))

    @extend_schema(operation_id="account_update", request=AccountSerializer, responses=AccountSerializer)
    def patch(self, request: Request) -> Response:
        """Change the name that is shown next to what you publish."""
        form = AccountSerializer(me(request), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        form.save()
        return Response(form.data)


class PasswordSerializer(serializers.Serializer[Any]):
    """The password again, so that a stolen token is not enough."""

    password = PasswordField()


class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The current password and a new one."""

    current_password = PasswordField()
    password = PasswordField()


class LimitedAccountView(ApiView):
    """A change that needs the password again."""

    throttle_classes = (ScopedLimit,)
    throttle_scope = "account"


class ChangePassword(LimitedAccountView):
    """Change the password."""

    @extend_schema(operation_id="account_password", request=ChangePasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change the password (204). All sessions and tokens end, that of this request too: sign in again."""
        values = read(ChangePasswordSerializer, request)
        _count_attempt(request)
        new = {"password1": values["password"], "password2": values["password"]}
        form = ChangePasswordForm(me(request), {"oldpassword": values["current_password"], **new})
        require_valid(form)
        form.save()
        password_change.finalize_password_change(request._request, me(request))
        return Response(status=204)


class DeleteAccount(LimitedAccountView):
    """Delete the account."""

    @extend_schema(operation_id="account_delete", request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Delete the account with everything in it, at once and for good (204)."""
        values = read(PasswordSerializer, request)
        _count_attempt(request)
        require_valid(DeleteAccountForm(me(request), values))
        delete_account(me(request))
        return Response(status=204)


class Export(ApiView):
    """Everything that is stored about you."""

    @extend_schema(operation_id="account_export", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request) -> HttpResponseBase:
        """Download account, jobs, photos and models as a ZIP, which is written while it is sent."""
        return export.deliver_export(me(request))


class PersonalTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret. `prefix` is the beginning of its text."""

    id = serializers.CharField(source="token_key", read_only=True)
    prefix = serializers.CharField(source="token_key", read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiToken.Scope.choices), read_only=True)
    created_at = serializers.DateTimeField(source="created", read_only=True)
    expires_at = serializers.DateTimeField(source="expiry", read_only=True, allow_null=True)
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "is_current")
        read_only_fields = fields

    def get_is_current(self, token: ApiToken) -> bool:
        """True for the token of this request."""
        return self.context.get("current") == token


class NewTokenSerializer(serializers.Serializer[Any]):
    """A token to create. Names are unique among your active tokens."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(ApiToken.Scope.choices),
        required=False,
        allow_empty=False,
        help_text="`read` alone, or `read` and `write` (the default).",
    )
    expires_in_days = serializers.IntegerField(
        min_value=1,
        max_value=MAX_TOKEN_DAYS,
        required=False,
        allow_null=True,
        help_text="Null: never. Left out: 30 days after its last use.",
    )


class CreatedTokenSerializer(PersonalTokenSerializer):
    """A new token with its text, which cannot be retrieved again."""

    token = serializers.CharField(read_only=True)

    class Meta:
        model = ApiToken
        fields = (*PersonalTokenSerializer.Meta.fields, "token")
        read_only_fields = fields


class PersonalTokens(ApiView):
    """Your tokens."""

    @extend_schema(operation_id="account_tokens_list", responses=PersonalTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the active tokens, newest first."""
        rows = tokens.active_tokens(me(request))
        return Response(PersonalTokenSerializer(rows, many=True, context={"current": request.auth}).data)

    @extend_schema(
        operation_id="account_tokens_create", request=NewTokenSerializer, responses={201: CreatedTokenSerializer}
    )
    def post(self, request: Request) -> Response:
        """Create a token (201). Its text is only in this response. 403 `too_many_tokens`."""
        values = read(NewTokenSerializer, request)
        require_valid(TokenForm(me(request), {"name": values["name"]}))
        row, text = tokens.create(me(request), values["name"], **_token_options(values))
        row.token = text
        return Response(CreatedTokenSerializer(row, context={"current": request.auth}).data, status=201)


def _token_options(values: dict[str, Any]) -> dict[str, Any]:
    scopes = values.get("scopes", ["write"])
    options: dict[str, Any] = {"scope": ApiToken.Scope.WRITE if "write" in scopes else ApiToken.Scope.READ}
    if "expires_in_days" not in values:
        return options
    days = values["expires_in_days"]
    return options | ({"never_expires": True} if days is None else {"lifetime": timedelta(days=days)})


class PersonalToken(ApiView):
    """One of your tokens."""

    @extend_schema(operation_id="account_tokens_revoke", responses={204: None} | problems(404))
    def delete(self, request: Request, token_key: str) -> Response:
        """Revoke the token (204). Whatever uses it stops working immediately."""
        get_or_404(tokens.revoke(me(request), token_key), "token")
        return Response(status=204)


def me(request: Request) -> User:
    """The user of an authenticated request."""
    assert isinstance(request.user, User)
    return request.user


def _count_attempt(request: Request) -> None:
    """Raises Throttled after too many passwords, which the pages count too."""
    if not ratelimit.consume(request._request, action="reauthenticate", user=me(request)):
        raise Throttled(wait=PASSWORD_WAIT_SECONDS)
