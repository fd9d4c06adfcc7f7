"""The URLs of the account pages."""

from django.urls import path

from accounts.views import data, profile, sessions, tokens

app_name = "accounts"
urlpatterns = [
    path("profile/", profile.profile, name="profile"),
    path("tokens/", tokens.token_list, name="tokens"),
    path("tokens/<slug:token_key>/revoke/", tokens.revoke, name="revoke_token"),
    path("sessions/", sessions.session_list, name="sessions"),
    path("sessions/others/end/", sessions.end_others, name="end_other_sessions"),
    path("sessions/<int:browser_id>/end/", sessions.end, name="end_session"),
    path("data/", data.data, name="data"),
    path("delete/", data.delete, name="delete"),
]
