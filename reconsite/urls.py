"""Every address of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from jobs.views import home
from reconsite import health, metrics
from reconsite.admin.view_on_site import view_on_site

handler400 = "reconsite.middleware.bad_request"
handler403 = "reconsite.errors.permission_denied"
handler404 = "reconsite.errors.not_found"
handler500 = "reconsite.errors.server_error"
handler429 = "accounts.views.limits.too_many_requests"

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/", include("accounts.social_urls")),
    path("accounts/two-factor/", include("allauth.mfa.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("jobs.api.urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/r/<path:content_type_id>/<path:object_id>/", view_on_site),
    path("admin/", admin.site.urls),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", metrics.metrics),
    path("", include("jobs.urls")),
]
