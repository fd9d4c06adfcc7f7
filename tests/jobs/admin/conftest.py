"""Who works in the admin."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from tests.conftest import make_user


@pytest.fixture
def moderator(db: None) -> User:
    """Staff in the built-in group."""
    user = make_user("moderator", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    return user
