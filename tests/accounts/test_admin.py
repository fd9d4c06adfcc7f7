"""Users in the admin: storage, quota, and who can change permissions."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import ApiToken, User
from jobs.models import Job, State
from tests.conftest import PASSWORD, in_state, make_user, signed_in, stored_files

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"


@pytest.fixture
def superuser(db: None) -> User:
    return make_user("superuser", is_staff=True, is_superuser=True)


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who can change users, but no superuser."""
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


def url_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def form_of(user: User, **changes: object) -> dict[str, object]:
    return {"email": user.email, "username": user.username, "display_name": "", "quota_mb": "", **changes}


def test_the_list_shows_models_and_storage_of_each_user(superuser: User, owner: User, job: Job) -> None:
    in_state(job, State.SUCCEEDED)
    Job.objects.filter(pk=job.pk).update(size=3 * 1024 * 1024)
    Job.objects.create(owner=owner, size=1024 * 1024)
    html = signed_in(superuser).get(USERS).content.decode()
    assert "4.0\xa0MB of 4.9\xa0GB" in html
    assert f'<a href="/admin/jobs/job/?owner={owner.pk}">1</a>' in html


def test_a_superuser_changes_the_quota(superuser: User, owner: User) -> None:
    assert signed_in(superuser).post(url_of(owner), form_of(owner, quota_mb="9000")).status_code == 302
    owner.refresh_from_db()
    assert owner.quota_mb == 9000


def test_a_clerk_changes_the_quota_but_no_permissions(clerk: User, owner: User) -> None:
    form = form_of(owner, quota_mb="9000", is_superuser="on", is_staff="on")
    assert signed_in(clerk).post(url_of(owner), form).status_code == 302
    owner.refresh_from_db()
    assert (owner.quota_mb, owner.is_superuser, owner.is_staff) == (9000, False, False)


def test_a_clerk_cannot_change_staff(clerk: User, superuser: User) -> None:
    assert signed_in(clerk).post(url_of(superuser), form_of(superuser, email="mine@example.org")).status_code == 403
    superuser.refresh_from_db()
    assert superuser.email == "superuser@example.org"


def test_a_clerk_cannot_set_the_password_of_staff(clerk: User, superuser: User) -> None:
    form = {"password1": "another-word-99", "password2": "another-word-99", "usable_password": "true"}
    assert signed_in(clerk).post(f"{USERS}{superuser.pk}/password/", form).status_code == 403
    superuser.refresh_from_db()
    assert superuser.check_password(PASSWORD)


def test_saving_the_form_does_not_ban_a_user(superuser: User, owner: User) -> None:
    signed_in(superuser).post(url_of(owner), form_of(owner))
    owner.refresh_from_db()
    assert owner.is_active


def test_a_new_user_needs_an_email(superuser: User) -> None:
    form = {"username": "new", "password1": "another-word-99", "password2": "another-word-99"}
    signed_in(superuser).post(f"{USERS}add/", {**form, "usable_password": "true"})
    assert not User.objects.filter(username="new").exists()
    signed_in(superuser).post(f"{USERS}add/", {**form, "usable_password": "true", "email": "new@example.org"})
    assert User.objects.get(username="new").email == "new@example.org"


def test_deleting_a_user_deletes_their_files(superuser: User, owner: User, job: Job) -> None:
    assert stored_files()
    assert signed_in(superuser).post(f"{USERS}{owner.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=owner.pk).exists()
    assert stored_files() == []


def test_a_clerk_deletes_several_users_but_no_staff(clerk: User, superuser: User, owner: User) -> None:
    form = {"action": "delete_selected", "_selected_action": [owner.pk, superuser.pk], "post": "yes"}
    signed_in(clerk).post(USERS, form)
    assert list(User.objects.order_by("username")) == [clerk, superuser]


def test_a_token_can_be_revoked_but_not_created_or_read(superuser: User, owner: User) -> None:
    token, text = ApiToken.objects.create(user=owner, name="phone")
    page = signed_in(superuser).get(reverse("admin:accounts_apitoken_change", args=[token.pk])).content.decode()
    assert "phone" in page
    assert text not in page
    assert signed_in(superuser).get("/admin/accounts/apitoken/add/").status_code == 403
    signed_in(superuser).post(reverse("admin:accounts_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_changes_to_the_moderators_group_are_kept() -> None:
    from accounts.apps import create_moderators

    group = Group.objects.get(name="Moderators")
    assert group.permissions.count() == 9
    group.permissions.clear()
    create_moderators(using="default")
    assert group.permissions.count() == 0
