"""Users and their API tokens. Moderators can ban users; only superusers can change permissions."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.data.deletion import delete_account
from accounts.models import ApiToken, User
from jobs.core import moderation, quota
from jobs.models import State
from reconsite.admin.actions import ModeratedAdmin, ModerationAction, admin_action
from reconsite.admin.components import ReadOnly, YesNoFilter, link

BAN = ModerationAction(
    "ban", "Ban", "Ban these users?", "Ban", "banned", moderation.ban, "ban", lambda user: user.is_active
)
UNBAN = ModerationAction(
    "unban",
    "Lift ban",
    "Lift the ban on these users?",
    "Lift ban",
    "unbanned",
    moderation.unban,
    "ban",
    lambda user: not user.is_active,
)

PERMISSION_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")
READ_ONLY_FIELDS = ("model_count", "storage", "can_sign_in", "last_login", "date_joined")


class BannedFilter(YesNoFilter):
    """Banned by a moderator."""

    title, parameter_name, condition = "account", "banned", Q(is_active=False)
    labels = ("Banned", "Not banned")


@admin.register(User)
class UserAccountAdmin(ModeratedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Users, who sign in with their email."""

    list_display = ("email", "display_name", "model_count", "storage", "is_staff", "can_sign_in", "date_joined")
    list_filter = (BannedFilter, "is_staff", "is_superuser", "groups")
    search_fields = ("email", "username", "display_name")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    readonly_fields = READ_ONLY_FIELDS
    add_fieldsets = ((None, {"fields": ("username", "email", "password1", "password2")}),)
    moderation_actions = (BAN, UNBAN)
    actions = tuple(admin_action(action) for action in moderation_actions)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only superusers see username, password and permissions."""
        if obj is None:
            return self.add_fieldsets
        profile = (None, {"fields": ("email", "display_name", "quota_mb", *READ_ONLY_FIELDS)})
        if not _is_superuser(request):
            return (profile,)
        sign_in = ("Sign-in", {"fields": ("username", "password")})
        return (profile, sign_in, ("Permissions", {"fields": PERMISSION_FIELDS}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Users with the number of their models and the storage that they use."""
        finished = Q(jobs__state=State.SUCCEEDED, jobs__deleted_at=None)
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(finished_jobs=Count("jobs", filter=finished), stored_bytes=Sum("jobs__size", default=0))

    @admin.display(description="Models", ordering="finished_jobs")
    def model_count(self, user: Any) -> SafeString:
        """Number of models, linked to the list of them."""
        return link(f"{reverse('admin:jobs_job_changelist')}?owner={user.pk}", user.finished_jobs)

    @admin.display(description="Storage", ordering="stored_bytes")
    def storage(self, user: Any) -> str:
        """Storage used and the limit."""
        limit = quota.limit_bytes(user)
        return f"{filesizeformat(user.stored_bytes)} of {filesizeformat(limit) if limit else 'unlimited'}"

    @admin.display(description="Can sign in", boolean=True, ordering="is_active")
    def can_sign_in(self, user: User) -> bool:
        """False while the user is banned."""
        return user.is_active

    def has_ban_permission(self, request: HttpRequest) -> bool:
        """Who can ban users and lift bans."""
        return request.user.has_perm("accounts.ban_user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers can change staff: a changed email would give access to the account."""
        return super().has_change_permission(request, obj) and _can_manage(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers can delete staff."""
        return super().has_delete_permission(request, obj) and _can_manage(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The confirmation page: related rows are deleted too, so their permissions are not checked one by one."""
        users = list(objs)
        return [str(user) for user in users], {"users, with all their models": len(users)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete like a user who deletes their own account, including files."""
        delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete the users that this member of staff can manage."""
        for user in queryset:
            if _can_manage(request, user):
                delete_account(user)


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def _can_manage(request: HttpRequest, user: User | None) -> bool:
    return user is None or not user.is_staff or _is_superuser(request)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """API tokens: they can be revoked here, but not read or created."""

    list_display = ("name", "user", "scope", "created", "last_used_at", "expiry")
    search_fields = ("user__email", "name")
    list_select_related = ("user",)
    readonly_fields = ("name", "user", "scope", "is_renewed", "created", "last_used_at", "expiry")
    exclude = ("digest", "token_key")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """No look-ups by address: `?digest__startswith=` would reveal a hash digit by digit."""
        return False

    def has_add_permission(self, request: object) -> bool:
        return False


admin.site.unregister(Authenticator)


class SignInAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What somebody signs in with. Whoever deletes it weakens an account or shuts its owner out: superusers only."""

    search_fields = ("user__email",)
    list_select_related = ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser."""
        return _is_superuser(request)


@admin.register(Authenticator)
class SecondFactorAdmin(SignInAdmin):
    """Second factors: a superuser can delete those of someone who has lost theirs; nobody sees their secrets."""

    list_display = fields = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filter: `?data__contains=` would reveal a secret piece by piece."""
        return lookup.startswith("type")


admin.site.unregister([SocialAccount, SocialApp, SocialToken])  # the last two tables stay empty


@admin.register(SocialAccount)
class ConnectedAccountAdmin(SignInAdmin):
    """Connected accounts: a superuser can disconnect one of somebody who has lost it."""

    list_display = ("user", "provider", "date_joined", "last_login")
    fields = ("user", "provider", "uid", "date_joined", "last_login")
    list_filter = ("provider",)
