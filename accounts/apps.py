from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

MODERATORS = "Moderators"
MAY = (
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
        """The group can be made once the permissions of `jobs` are there."""
        post_migrate.connect(make_moderators, sender=apps.get_app_config("jobs"))


def make_moderators(using: str, **kwargs: Any) -> None:
    """The group of moderators, made once: what the operator changes in it stays."""
    from django.contrib.auth.models import Group, Permission

    group, created = Group.objects.using(using).get_or_create(name=MODERATORS)
    if created:
        apps_of_ours = Permission.objects.using(using).filter(content_type__app_label__in=("jobs", "accounts"))
        group.permissions.set(apps_of_ours.filter(codename__in=MAY))
