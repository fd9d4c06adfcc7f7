"""People in the admin: what they take, their limit, and whose rights are whose to give."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import ApiToken, User
from jobs.models import Job, State
from tests.conftest import PASSWORD, in_state, make_user, signed_in, stored_files

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may change people, but is no superuser."""
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


def url_of(person: User) -> str:
    return reverse("admin:accounts_user_change", args=[person.pk])


def form_of(person: User, **changes: object) -> dict[str, object]:
    return {"email": person.email, "username": person.username, "display_name": "", "quota_mb": "", **changes}


def test_the_list_says_what_each_has_made_and_takes(boss: User, owner: User, job: Job) -> None:
    in_state(job, State.SUCCEEDED)
    Job.objects.filter(pk=job.pk).update(size=3 * 1024 * 1024)
    Job.objects.create(owner=owner, size=1024 * 1024)
    html = signed_in(boss).get(PEOPLE).content.decode()
    assert "4.0\xa0MB of 4.9\xa0GB" in html
    assert f'<a href="/admin/jobs/job/?owner={owner.pk}">1</a>' in html


def test_a_superuser_gives_more_room(boss: User, owner: User) -> None:
    assert signed_in(boss).post(url_of(owner), form_of(owner, quota_mb="9000")).status_code == 302
    owner.refresh_from_db()
    assert owner.quota_mb == 9000


def test_a_clerk_gives_room_but_no_rights(clerk: User, owner: User) -> None:
    form = form_of(owner, quota_mb="9000", is_superuser="on", is_staff="on")
    assert signed_in(clerk).post(url_of(owner), form).status_code == 302
    owner.refresh_from_db()
    assert (owner.quota_mb, owner.is_superuser, owner.is_staff) == (9000, False, False)


def test_a_clerk_cannot_change_staff(clerk: User, boss: User) -> None:
    assert signed_in(clerk).post(url_of(boss), form_of(boss, email="mine@example.org")).status_code == 403
    boss.refresh_from_db()
    assert boss.email == "boss@example.org"


def test_a_clerk_cannot_set_the_password_of_staff(clerk: User, boss: User) -> None:
    form = {"password1": "another-word-99", "password2": "another-word-99", "usable_password": "true"}
    assert signed_in(clerk).post(f"{PEOPLE}{boss.pk}/password/", form).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)


def test_a_ban_is_not_a_box_to_tick(boss: User, owner: User) -> None:
    signed_in(boss).post(url_of(owner), form_of(owner))
    owner.refresh_from_db()
    assert owner.is_active


def test_a_new_person_needs_an_address(boss: User) -> None:
    form = {"username": "new", "password1": "another-word-99", "password2": "another-word-99"}
    signed_in(boss).post(f"{PEOPLE}add/", {**form, "usable_password": "true"})
    assert not User.objects.filter(username="new").exists()
    signed_in(boss).post(f"{PEOPLE}add/", {**form, "usable_password": "true", "email": "new@example.org"})
    assert User.objects.get(username="new").email == "new@example.org"


def test_deleting_a_person_takes_the_files_along(boss: User, owner: User, job: Job) -> None:
    assert stored_files()
    assert signed_in(boss).post(f"{PEOPLE}{owner.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=owner.pk).exists()
    assert stored_files() == []


def test_several_are_deleted_at_once_but_no_staff_by_a_clerk(clerk: User, boss: User, owner: User) -> None:
    form = {"action": "delete_selected", "_selected_action": [owner.pk, boss.pk], "post": "yes"}
    signed_in(clerk).post(PEOPLE, form)
    assert list(User.objects.order_by("username")) == [boss, clerk]


def test_a_token_can_be_revoked_but_neither_made_nor_read(boss: User, owner: User) -> None:
    token, text = ApiToken.objects.create(user=owner, name="phone")
    page = signed_in(boss).get(reverse("admin:accounts_apitoken_change", args=[token.pk])).content.decode()
    assert "phone" in page
    assert text not in page
    assert signed_in(boss).get("/admin/accounts/apitoken/add/").status_code == 403
    signed_in(boss).post(reverse("admin:accounts_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_what_the_operator_changed_in_the_group_stays() -> None:
    from accounts.apps import create_moderators

    group = Group.objects.get(name="Moderators")
    assert group.permissions.count() == 9
    group.permissions.clear()
    create_moderators(using="default")
    assert group.permissions.count() == 0
