"""The URLs of sign-in with another account, under the names that allauth looks up."""

from django.urls import path

from accounts.views import social
from reconsite.core.social_sign_in import NAMES

urlpatterns = [path("connections/", social.connections, name="socialaccount_connections")]
for name in NAMES:
    kwargs = {"provider": name}
    urlpatterns += [
        path(f"{name}/login/", social.start, kwargs, name=f"{name}_login"),
        path(f"{name}/login/callback/", social.callback, kwargs, name=f"{name}_callback"),
    ]
