"""The admin's site: what other packages bring along has names in plain words."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest

NAMES = {
    "account": "Email",
    "auth": "Permissions",
    "mfa": "Two-factor authentication",
    "mfa.Authenticator": "Second factors",
    "socialaccount": "Sign-in with Google and GitHub",
    "socialaccount.SocialAccount": "Connected accounts",
    "usersessions": "Sessions",
    "usersessions.UserSession": "Signed-in browsers",
}
"""For apps and models whose own names are a programmer's."""


class Administration(AdminSite):
    """Django's admin with our headings."""

    site_header = site_title = "Reconsite"
    index_title = "Administration"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """The apps and models that this member of staff sees."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = NAMES.get(app["app_label"], app["name"])
            for model in app["models"]:
                model["name"] = NAMES.get(f"{app['app_label']}.{model['object_name']}", model["name"])
        return apps


class AdministrationConfig(AdminConfig):
    """In INSTALLED_APPS instead of `django.contrib.admin`."""

    default_site = "reconsite.admin.site.Administration"
