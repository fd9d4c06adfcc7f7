"""People and their tokens. Who may moderate, may ban; the rights of people are the superusers' alone."""

from __future__ import annotations

from typing import Any

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
from reconsite.admin.components import YesNoFilter, link

BAN = ModerationAction(
    "ban", "Ban", "Ban these people?", "Ban", "banned", moderation.ban, "ban", lambda person: person.is_active
)
UNBAN = ModerationAction(
    "unban",
    "Let in again",
    "Let these people in again?",
    "Let in",
    "let in again",
    moderation.unban,
    "ban",
    lambda person: not person.is_active,
)

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
SHOWN = ("models_made", "storage", "may_sign_in", "last_login", "date_joined")


class BannedFilter(YesNoFilter):
    """Locked out by a moderator."""

    title, parameter_name, condition = "banned", "banned", Q(is_active=False)


@admin.register(User)
class PersonAdmin(ModeratedAdmin, UserAdmin):  # type: ignore[type-arg]
    """People; `email` is what they sign in with."""

    list_display = ("email", "display_name", "models_made", "storage", "is_staff", "may_sign_in", "date_joined")
    list_filter = (BannedFilter, "is_staff", "is_superuser", "groups")
    search_fields = ("email", "username", "display_name")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    readonly_fields = SHOWN
    add_fieldsets = ((None, {"fields": ("username", "email", "password1", "password2")}),)
    moderation_actions = (BAN, UNBAN)
    actions = tuple(admin_action(action) for action in moderation_actions)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Moderators see who it is; rights and password are for superusers."""
        if obj is None:
            return self.add_fieldsets
        person = (None, {"fields": ("email", "display_name", "quota_mb", *SHOWN)})
        if not _is_superuser(request):
            return (person,)
        return (person, ("Sign-in", {"fields": ("username", "password")}), ("Rights", {"fields": RIGHTS}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People with what they made and what it takes."""
        finished = Q(jobs__state=State.SUCCEEDED, jobs__deleted_at=None)
        made = Count("jobs", filter=finished)
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(made=made, stored=Sum("jobs__size", default=0))

    @admin.display(description="Models", ordering="made")
    def models_made(self, person: Any) -> SafeString:
        """How many, with the way to them."""
        return link(f"{reverse('admin:jobs_job_changelist')}?owner={person.pk}", person.made)

    @admin.display(description="Storage", ordering="stored")
    def storage(self, person: Any) -> str:
        """What is taken, of what may be."""
        limit = quota.limit_bytes(person)
        return f"{filesizeformat(person.stored)} of {filesizeformat(limit) if limit else 'any'}"

    @admin.display(description="May sign in", boolean=True, ordering="is_active")
    def may_sign_in(self, person: User) -> bool:
        """False while they are banned."""
        return person.is_active

    def has_ban_permission(self, request: HttpRequest) -> bool:
        """Who may ban people and let them in again."""
        return request.user.has_perm("accounts.ban_user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser is changed by superusers alone: another address would be a way into the account."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same for deleting."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes, in numbers: all that hangs on a person goes with them, whatever else the moderator may do."""
        people = list(objs)
        return [str(person) for person in people], {"people, with all they made": len(people)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """The same way as when people delete their own account: files go too."""
        delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Each of them, but nobody whom the moderator may not touch."""
        for person in queryset:
            if _may_touch(request, person):
                delete_account(person)


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    return person is None or not person.is_staff or _is_superuser(request)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens can be revoked here, never read or made."""

    list_display = ("name", "user", "created", "last_used_at", "expiry")
    search_fields = ("user__email", "name")
    list_select_related = ("user",)
    readonly_fields = ("name", "user", "created", "last_used_at", "expiry")
    exclude = ("digest", "token_key")

    def has_add_permission(self, request: object) -> bool:
        return False
