"""Every route of the URL configuration, and the identities that try it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from accounts.models import ApiToken, User
from jobs.core import collections, cutouts, sharing, storage
from jobs.models import AbuseReport, Artifact, Collection, Cutout, Job, ModerationAct, Upload, Webhook, WebhookDelivery
from ml.files import POSTER
from tests.accounts.second_factor import with_passkey
from tests.conftest import encoded, make_user, picture, signed_in
from tests.jobs.models import finish

HOME = "/"
"""How the table writes the empty route."""
TABLE = Path(__file__).with_name("route_table.txt")
IDENTITIES = ("anonymous", "owner", "stranger", "suspended", "moderator", "superuser", "token", "revoked")
"""The columns of the table. A holder of a share link is anonymous, on a route with its secret."""


def routes() -> list[str]:
    """All routes, in the order in which Django tries them."""
    return [route for route, _ in _walk(get_resolver().url_patterns, "")]


def _walk(patterns: Sequence[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from _walk(pattern.url_patterns, route)


def declared() -> dict[tuple[str, str], tuple[str, ...]]:
    """The statuses of each identity by route and method."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    rows = [line.rsplit(maxsplit=len(IDENTITIES) + 1) for line in lines]
    return {(row[0].strip().removeprefix(HOME), row[1]): tuple(row[2:]) for row in rows}


@dataclass
class World:
    """An owner with a finished model that is private but shared, and one that is published; and everybody else."""

    job: Job
    published: Job
    users: dict[str, User] = field(default_factory=dict)
    token: str = ""
    revoked: str = ""

    def client(self, identity: str) -> Client:
        """A client of this identity; the token is the owner's."""
        if identity in ("token", "revoked"):
            bearer = self.token if identity == "token" else self.revoked
            return Client(headers={"authorization": f"Bearer {bearer}"}, raise_request_exception=False)
        browser = signed_in(self.users.get(identity))
        browser.raise_request_exception = False
        if identity == "suspended":
            User.objects.filter(pk=self.users[identity].pk).update(is_active=False)
        return browser

    def path(self, route: str) -> str:
        """A path of this route: of the published model where the route is public, else of the private one."""
        job = self.published if "explore/" in route else self.job
        values = {
            "job_id": job.pk,
            "pk": Authenticator.objects.get().pk if "webauthn/keys/" in route else job.pk,
            "name": "mesh.glb",
            "delivery_id": self.job.pk,
            "position": 0,
            "collection_id": job.pk,
            "token": Collection.objects.get().token if route.startswith("c/") else sharing.share(self.job).token,
            "token_key": ApiToken.objects.get(user=self.users["owner"]).token_key,
            "browser_id": UserSession.objects.get(user=self.users["owner"]).pk,
            "object_id": self._object_id(route),
            "id": self.users["owner"].pk,
            "content_type_id": ContentType.objects.get_for_model(Job).pk,
            "app_label": "jobs",
            "key": "nonsense",
            "uidb36": "1",
        }
        named = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route)
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values.get(match[1], "nothing")), named)
        return "/" + re.sub(r"[\^$\\]", "", filled)

    def _object_id(self, route: str) -> int | str | UUID:
        found: dict[str, int | str | UUID] = {
            "admin/r/": self.job.pk,
            "jobs/job/": self.job.pk,
            "jobs/collection/": self.job.pk,
            "accounts/user/": self.users["owner"].pk,
            "accounts/apitoken/": str(ApiToken.objects.get(user=self.users["owner"]).pk),
            "jobs/abusereport/": AbuseReport.objects.get().pk,
            "jobs/moderationact/": ModerationAct.objects.get().pk,
            "auth/group/": Group.objects.get().pk,
            "socialaccount/socialaccount/": SocialAccount.objects.get().pk,
            "mfa/authenticator/": Authenticator.objects.get().pk,
            "usersessions/usersession/": UserSession.objects.get(user=self.users["owner"]).pk,
            "jobs/photo/": self.job.photos.get().pk,
            "jobs/artifact/": self.job.artifacts.get(name="mesh.glb").pk,
        }
        return next((value for part, value in found.items() if part in route), 1)


def make_cutout(job: Job) -> None:
    """A cutout of the owner with the job's id, because that stands for <uuid:pk>."""
    details = {"size": [2, 2], "scale": 1.0, "method": "transparency", "notes": []}
    expires_at = timezone.now() + timedelta(hours=1)
    cutout = Cutout.objects.create(pk=job.pk, owner=job.owner, extension="png", details=details, expires_at=expires_at)
    for name in (cutouts.PICTURE, cutouts.BACKGROUND):
        default_storage.save(f"{storage.cutout_folder(cutout.pk)}/{name}", ContentFile(b"picture"))


def make_collection(job: Job) -> None:
    """A collection with a link, in which visitors see the private model; it has the job's id, as a cutout does."""
    collection = Collection.objects.create(pk=job.pk, owner=job.owner, title="Shop", visibility="link")
    collections.add(collection, [job], follows=True)


def make_upload(job: Job) -> None:
    """An upload of the owner with the job's id, because that stands for <uuid:pk>."""
    Upload.objects.create(pk=job.pk, owner=job.owner, length=2, expires_at=timezone.now() + timedelta(hours=1))


def build(job: Job, other: Job) -> World:
    """The world in which the routes are tried."""
    world = World(finish(job), finish(other))
    for artifact in Artifact.objects.filter(name=POSTER):  # a picture that a preview can be made of
        Path(default_storage.path(str(artifact.file))).write_bytes(encoded(picture(mode="RGB"), "WEBP"))
    sharing.publish(other)
    world.users = {
        "owner": job.owner,
        "stranger": make_user("stranger"),
        "suspended": make_user("suspended"),
        "moderator": make_user("moderator", is_staff=True),
        "superuser": make_user("superuser", is_staff=True, is_superuser=True),
    }
    world.users["moderator"].groups.add(Group.objects.get(name="Moderators"))
    world.token = ApiToken.objects.create(user=job.owner)[1]
    row, world.revoked = ApiToken.objects.create(user=job.owner)
    row.delete()
    UserSession.objects.create(user=job.owner, ip="127.0.0.1", session_key="of-a-browser", user_agent="")
    with_passkey(job.owner)
    SocialAccount.objects.create(user=job.owner, provider="google", uid="1")
    make_cutout(job)
    make_collection(job)
    make_upload(job)
    hook = Webhook.objects.create(pk=job.pk, owner=job.owner, url="https://example.org/")  # <uuid:pk> is the job's id
    WebhookDelivery.objects.create(pk=job.pk, webhook=hook, event="test", body={})
    AbuseReport.objects.create(job=other, reason="other")
    ModerationAct.objects.create(act="hide", reason="Rude.", subject="Lamp", job=job)
    return world
