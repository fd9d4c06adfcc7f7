from django.urls import path

from accounts.api.views import SignIn, SignOut

urlpatterns = [
    path("tokens/", SignIn.as_view(), name="api-sign-in"),
    path("tokens/revoke/", SignOut.as_view(), name="api-sign-out"),
]
