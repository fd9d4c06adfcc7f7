"""How allauth behaves on this site."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

logger = logging.getLogger(__name__)

MAIL_FAILED = (
    "The mail to {email} could not be sent: this server’s mail is out of order. "
    "What you did is kept. Ask for the mail again later, or tell the operator."
)
_SENT = "account/messages/email_confirmation_sent.txt"


WRONG_PASSWORD = "The address or the password is wrong. Try again, or let us send you a link for a new password."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up can be closed by the setting OPEN_SIGN_UP, and a broken mail server breaks no page."""

    error_messages: ClassVar = {**DefaultAccountAdapter.error_messages, "email_password_mismatch": WRONG_PASSWORD}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """True while new people may sign up."""
        return bool(settings.OPEN_SIGN_UP)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it; a mail that cannot be sent is logged, and the person reads what to do."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # every failure of smtplib and of the network is one
            logger.error("The mail %s could not be sent: %s", template_prefix, error)
            self._mail_failed(email)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *more: Any, **named: Any
    ) -> None:
        """A message of allauth, unless it says that a mail was sent which was not."""
        if message_template != _SENT or not hasattr(request, "mail_failed"):
            super().add_message(request, level, message_template, *more, **named)

    def _mail_failed(self, email: str) -> None:
        if not hasattr(self.request, "mail_failed"):  # one sentence, however many mails an act sends
            messages.error(self.request, MAIL_FAILED.format(email=email))
        self.request.mail_failed = True
