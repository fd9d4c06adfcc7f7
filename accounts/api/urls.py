"""The addresses of accounts in the API."""

from django.urls import path

from accounts.api import account, registration
from accounts.api.views import SignIn, SignOut

urlpatterns = [
    path("auth/tokens/", SignIn.as_view(), name="api-sign-in"),
    path("auth/tokens/revoke/", SignOut.as_view(), name="api-sign-out"),
    path("auth/sign-up/", registration.SignUp.as_view(), name="api-sign-up"),
    path("auth/email/resend/", registration.ResendConfirmation.as_view(), name="api-email-resend"),
    path("auth/email/confirm/", registration.ConfirmEmail.as_view(), name="api-email-confirm"),
    path("auth/password/reset/", registration.ForgottenPassword.as_view(), name="api-password-reset"),
    path("auth/password/reset/confirm/", registration.NewPassword.as_view(), name="api-password-reset-confirm"),
    path("account/", account.Account.as_view(), name="api-account"),
    path("account/password/", account.ChangePassword.as_view(), name="api-account-password"),
    path("account/delete/", account.DeleteAccount.as_view(), name="api-account-delete"),
    path("account/export/", account.Export.as_view(), name="api-account-export"),
    path("account/tokens/", account.PersonalTokens.as_view(), name="api-account-tokens"),
    path("account/tokens/<slug:token_key>/", account.PersonalToken.as_view(), name="api-account-token"),
]
