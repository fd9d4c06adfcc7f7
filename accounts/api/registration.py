"""Sign-up, confirmation of an email address, and a forgotten password: what needs no token.

These are thin views on the forms and flows of allauth that the pages use, so that both follow the same rules. allauth's
own headless API would bring a second kind of session, of error and of schema.
"""

from __future__ import annotations

from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import UserTokenForm
from allauth.account.internal.flows import email_verification, password_reset
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from django.conf import settings
from django.forms import BaseForm
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.pages.auth_forms import ResetPasswordForm, ResetPasswordKeyForm, SignUpForm
from jobs.api.base import ApiView
from jobs.api.schema import problems
from jobs.api.throttling import ScopedLimit
from reconsite.core.errors import Rejected

PASSWORD_FIELDS = {"password1": "password", "password2": "password", "oldpassword": "current_password"}
"""How fields of the pages' forms are called here."""


class PasswordField(serializers.CharField):
    """A password, taken exactly as it is."""

    def __init__(self, **named: Any) -> None:
        super().__init__(style={"input_type": "password"}, trim_whitespace=False, max_length=200, **named)


class SignUpSerializer(serializers.Serializer[Any]):
    """A new account."""

    email = serializers.EmailField()
    password = PasswordField()


class SignedUpSerializer(serializers.Serializer[Any]):
    """The account that was created; the same if the address had one already, whose owner gets an email about it."""

    email = serializers.EmailField()
    confirmation_required = serializers.BooleanField(help_text="Sign-in works once the address is confirmed.")


class EmailSerializer(serializers.Serializer[Any]):
    """An email address."""

    email = serializers.EmailField()


class KeySerializer(serializers.Serializer[Any]):
    """The key from the link in an email."""

    key = serializers.CharField(max_length=200)


class NewPasswordSerializer(KeySerializer):
    """The key from the link in an email (`uid-token`), and a new password."""

    password = PasswordField()


class PublicAccountView(ApiView):
    """A view for people who are not signed in, limited per address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedLimit,)
    throttle_scope = "account"


class SignUp(PublicAccountView):
    """Create an account."""

    @extend_schema(
        operation_id="auth_sign_up", request=SignUpSerializer, responses={201: SignedUpSerializer} | problems(403)
    )
    def post(self, request: Request) -> Response:
        """Create an account (201). 403 `sign_up_closed` if the operator has closed sign-up."""
        if not get_adapter().is_open_for_signup(request._request):
            raise Rejected("sign_up_closed")
        values = read(SignUpSerializer, request)
        email, password = values["email"], values["password"]
        form = SignUpForm({"email": email, "password1": password, "password2": password})
        require_valid(form)
        _save(request, form)
        must_confirm = settings.ACCOUNT_EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY
        return Response({"email": email, "confirmation_required": bool(must_confirm)}, status=201)


def _save(request: Request, form: Any) -> None:
    """The new account and its email; if the address has an account already, an email that says so."""
    if form.account_already_exists:
        get_adapter().send_account_already_exists_mail(form.cleaned_data["email"])
        return
    user = form.save(request._request)
    if settings.ACCOUNT_EMAIL_VERIFICATION != app_settings.EmailVerificationMethod.NONE:
        _send_confirmation(request, EmailAddress.objects.get(user=user), signup=True)


def _send_confirmation(request: Request, address: EmailAddress, *, signup: bool = False) -> None:
    email_verification.send_verification_email_to_address(request._request, address, signup=signup)


class ResendConfirmation(PublicAccountView):
    """Send the confirmation of an address again."""

    @extend_schema(operation_id="auth_email_resend", request=EmailSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        """Send the confirmation email again (202), if the address has an account and is not confirmed."""
        email = read(EmailSerializer, request)["email"]
        address = EmailAddress.objects.filter(email__iexact=email, verified=False, user__is_active=True).first()
        if address is not None:
            _send_confirmation(request, address)
        return Response(status=202)


class ConfirmEmail(PublicAccountView):
    """Confirm an address."""

    @extend_schema(operation_id="auth_email_confirm", request=KeySerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Confirm an address with the key from the email (204). 400 `invalid_key` if it is wrong or has expired."""
        confirmation = get_emailconfirmation_model().from_key(read(KeySerializer, request)["key"])
        if confirmation is None or not confirmation.confirm(request._request):
            raise Rejected("invalid_key")
        return Response(status=204)


class ForgottenPassword(PublicAccountView):
    """Ask for a link that sets a new password."""

    @extend_schema(operation_id="auth_password_reset", request=EmailSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        """Send a link that sets a new password (202), whether or not the address has an account."""
        form = ResetPasswordForm(read(EmailSerializer, request))
        require_valid(form)
        form.save(request._request)
        return Response(status=202)


class NewPassword(PublicAccountView):
    """Set a new password with the key of a reset link."""

    @extend_schema(operation_id="auth_password_reset_confirm", request=NewPasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password with the key from the email (204). All tokens and sessions of the account end."""
        values = read(NewPasswordSerializer, request)
        user, password = _user_of_key(values["key"]), values["password"]
        form = ResetPasswordKeyForm({"password1": password, "password2": password}, user=user)
        require_valid(form)
        form.save()
        password_reset.finalize_password_reset(request._request, user)
        return Response(status=204)


def _user_of_key(key: str) -> User:
    uid, _, token = key.partition("-")
    form = UserTokenForm({"uidb36": uid, "key": token})
    if not form.is_valid() or not isinstance(form.reset_user, User) or not form.reset_user.is_active:
        raise Rejected("invalid_key")
    return form.reset_user


def read(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The valid body of a request. Raises ValidationError."""
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def require_valid(form: BaseForm) -> None:
    """Raises ValidationError with the errors of a form of the pages, by the names that the API has for its fields."""
    if form.is_valid():
        return
    errors = {
        PASSWORD_FIELDS.get(name, name): [
            ErrorDetail(text, code=error.code or "invalid") for error in found for text in error.messages
        ]
        for name, found in form.errors.as_data().items()
    }
    raise ValidationError(errors)
