from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.models import ApiToken, User


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People; `email` is what they sign in with."""

    list_display = ("email", "is_active", "is_staff", "date_joined")
    search_fields = ("email", "username")
    ordering = ("-date_joined",)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens can be revoked here, never read or made."""

    list_display = ("name", "user", "created", "expiry")
    search_fields = ("user__email", "name")
    readonly_fields = ("name", "user", "created", "expiry")
    exclude = ("digest", "token_key")

    def has_add_permission(self, request: object) -> bool:
        return False
