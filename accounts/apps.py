from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_delete, post_migrate, post_save

MODERATORS = "Moderators"
PERMISSIONS = (
    "view_job",
    "change_job",
    "view_photo",
    "view_artifact",
    "view_abusereport",
    "change_abusereport",
    "view_moderationact",
    "view_user",
    "ban_user",
)


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        """Create the group once the permissions of `jobs` exist, and end the access that a change takes away."""
        post_migrate.connect(create_moderators, sender=apps.get_app_config("jobs"))
        from allauth.account.signals import authentication_step_completed
        from allauth.mfa.signals import authentication_failed, authenticator_added
        from django.contrib.auth import signals
        from django.contrib.sessions.models import Session

        from accounts.core import announce, proved_sessions, sign_in_log, tokens
        from accounts.models import ApiToken, password_changed

        signals.user_logged_in.connect(sign_in_log.signed_in)
        signals.user_logged_out.connect(sign_in_log.signed_out)
        signals.user_login_failed.connect(sign_in_log.sign_in_failed)
        authentication_step_completed.connect(sign_in_log.step_completed)
        authentication_failed.connect(sign_in_log.second_factor_failed)
        post_save.connect(sign_in_log.token_created, sender=ApiToken)
        password_changed.connect(sign_in_log.password_changed)
        authenticator_added.connect(proved_sessions.factor_added)
        password_changed.connect(tokens.revoke_all_of)
        post_delete.connect(announce.session_ended, sender=Session)
        post_delete.connect(announce.token_deleted, sender=ApiToken)


def create_moderators(using: str, **kwargs: Any) -> None:
    """Create the group of moderators if it does not exist: what the operator changes in it is kept."""
    from django.contrib.auth.models import Group, Permission

    group, created = Group.objects.using(using).get_or_create(name=MODERATORS)
    if created:
        own_permissions = Permission.objects.using(using).filter(content_type__app_label__in=("jobs", "accounts"))
        group.permissions.set(own_permissions.filter(codename__in=PERMISSIONS))
