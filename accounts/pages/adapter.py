"""How allauth behaves on this site."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import clean_client_ip
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from reconsite.core.client_address import client_address

logger = logging.getLogger(__name__)

EMAIL_FAILED = (
    "The email to {email} could not be sent because email is not working on this server. "
    "Your changes are saved. Request the email again later, or contact the operator."
)
WRONG_PASSWORD = "Wrong email or password. Try again, or reset your password."
NO_ADDRESS = "0.0.0.0"  # nosec B104
"""Stands for a client without an IP address, such as one on a Unix socket: they share one limit."""
_SIGNED_IN = "account/messages/logged_in.txt"
_SENT = "account/messages/email_confirmation_sent.txt"


@dataclass(frozen=True)
class Site:
    """What the templates of emails show of the site."""

    name: str
    domain: str


SITE = Site(urlsplit(settings.SITE_URL).netloc, urlsplit(settings.SITE_URL).netloc)


def _on_this_site(value: Any) -> Any:
    """An absolute URL of the context with scheme, host and port of SITE_URL: a request's Host header is not trusted."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return value
    site = urlsplit(settings.SITE_URL)
    return urlsplit(value)._replace(scheme=site.scheme, netloc=site.netloc).geturl()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The setting OPEN_SIGN_UP can close sign-up, and a broken mail server breaks no page."""

    error_messages: ClassVar = {**DefaultAccountAdapter.error_messages, "email_password_mismatch": WRONG_PASSWORD}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """True while new people can sign up."""
        return bool(settings.OPEN_SIGN_UP)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address, as everywhere on the site; a header of too few entries is no error."""
        forwarded, peer = request.headers.get("x-forwarded-for", ""), request.META.get("REMOTE_ADDR", "")
        return str(clean_client_ip(client_address(forwarded, peer)) or clean_client_ip(peer) or NO_ADDRESS)

    def format_email_subject(self, subject: str) -> str:
        """The subject, beginning with the site's address from the settings."""
        return f"[{SITE.name}] {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an email. A failure is logged, and a message tells the user what to do."""
        on_this_site = {name: _on_this_site(value) for name, value in context.items()}
        try:
            super().send_mail(template_prefix, email, {**on_this_site, "current_site": SITE})
        except OSError as error:  # the base class of smtplib's and the network's errors
            logger.error("The email %s could not be sent: %s", template_prefix, error)
            self._report_failure(email)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Add a message of allauth, unless it is untrue (no email was sent) or the page shows the same (signed in).

        The API shows no messages: one would wait for the next page of a browser that is signed in.
        """
        no_email = not settings.HAS_MAIL_SERVER or hasattr(request, "email_failed")
        untrue = message_template == _SENT and no_email
        if not request.path.startswith("/api/") and message_template != _SIGNED_IN and not untrue:
            super().add_message(request, level, message_template, *args, **kwargs)

    def _report_failure(self, email: str) -> None:
        if not hasattr(self.request, "email_failed") and not self.request.path.startswith(
            "/api/"
        ):  # one message, however many emails the request sends
            messages.error(self.request, EMAIL_FAILED.format(email=email))
        self.request.email_failed = True
