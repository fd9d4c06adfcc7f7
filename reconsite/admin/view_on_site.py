"""The admin's links to the pages of its rows."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.http import Http404, HttpRequest, HttpResponse


@admin.site.admin_view
def view_on_site(request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
    """Django's own view, for the models of the admin alone: a model that is not used here has no table."""
    kind = ContentType.objects.filter(pk=content_type_id).first() if content_type_id.isdecimal() else None
    if kind is None or kind.model_class() not in admin.site._registry:
        raise Http404("There is no such page.")
    return shortcut(request, content_type_id, object_id)
