"""The access checks of a job, for pages, API, sockets and downloads alike. No access gives None, shown as a 404."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.core import second_factor
from accounts.models import User
from jobs.models import Artifact, Collection, CollectionItem, Job, JobQuerySet, State
from ml import files

PUBLIC_FILES = frozenset(
    {file.name for file in files.result_files() if file.download} | {files.POSTER, files.SPRITE, files.PREVIEW}
) - frozenset({files.INPUT, *files.CUTOUTS, files.SCENE, files.REPORT})
"""Files that strangers may download of a shared or published job, beside the frames: never the photo or its cutouts."""
_FRAME = re.compile(r"render_\d{3}\.png")


def jobs_of(user: AbstractBaseUser | AnonymousUser) -> JobQuerySet:
    """The jobs that `user` sees in lists: their own, neither deleted nor hidden."""
    if not isinstance(user, User) or not user.is_active:
        return Job.objects.none()
    return Job.objects.visible().filter(owner=user)


def bin_of(user: AbstractBaseUser | AnonymousUser) -> JobQuerySet:
    """The jobs that `user` can restore; nobody else sees them, and what a moderator hid is not among them."""
    if not isinstance(user, User) or not user.is_active:
        return Job.objects.none()
    return Job.objects.in_bin().filter(owner=user)


def job_for_read(user: AbstractBaseUser | AnonymousUser, job_id: UUID) -> Job | None:
    """The job if `user` may view it: the owner, or staff who may view jobs (also hidden ones)."""
    if isinstance(user, User) and _is_moderator(user):
        return Job.objects.filter(pk=job_id, deleted_at=None).first()
    return jobs_of(user).filter(pk=job_id).first()


def can_read(user: User, job: Job) -> bool:
    """`job_for_read` for an active user and a row that have just been read, without a query of its own."""
    if job.deleted_at is not None:
        return False
    is_own = job.owner_id == user.pk and job.hidden_at is None
    return is_own or _is_moderator(user)


def _is_moderator(user: User) -> bool:
    return user.is_staff and user.has_perm("jobs.view_job") and not second_factor.is_missing(user)


def job_for_write(user: AbstractBaseUser | AnonymousUser, job_id: UUID) -> Job | None:
    """The job if `user` may change it: only the owner. Staff use the actions of the admin."""
    return jobs_of(user).filter(pk=job_id).first()


def versions_of(job: Job) -> JobQuerySet:
    """All versions of the job's model that its owner sees, itself included, in order."""
    return jobs_of(job.owner).filter(family=job.family).order_by("version", "created_at")


def public_jobs() -> JobQuerySet:
    """Jobs that anyone may view: published, finished, neither hidden nor deleted, the owner not banned."""
    return Job.objects.published()


def job_for_public(job_id: UUID) -> Job | None:
    """The job if its owner has published it."""
    return public_jobs().filter(pk=job_id).first()


def job_by_share(token: str) -> Job | None:
    """The finished job of an active share link."""
    shareable = Job.objects.visible().filter(state=State.SUCCEEDED, owner__is_active=True)
    return shareable.filter(share_links__token=token, share_links__revoked_at=None).first()


def collections_of(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Collection]:
    """The user's own collections, without those that a moderator has hidden."""
    if not isinstance(user, User) or not user.is_active:
        return Collection.objects.none()
    return Collection.objects.filter(owner=user, hidden_at=None)


def collection_for_read(user: AbstractBaseUser | AnonymousUser, collection_id: UUID) -> Collection | None:
    """The collection if `user` may view its page: the owner, or staff who may view jobs (also hidden ones)."""
    if isinstance(user, User) and _is_moderator(user):
        return Collection.objects.filter(pk=collection_id).first()
    return collection_for_write(user, collection_id)


def collection_for_write(user: AbstractBaseUser | AnonymousUser, collection_id: UUID) -> Collection | None:
    """The collection if `user` may change it: only the owner."""
    return collections_of(user).filter(pk=collection_id).first()


def _visitors_collections() -> QuerySet[Collection]:
    """Those that anyone with the link may view: not private or hidden, not empty for visitors, the owner not banned."""
    shared = Collection.objects.exclude(visibility=Collection.Visibility.PRIVATE)
    shows_something = Exists(visitors_items().filter(collection=OuterRef("pk")))
    return shared.filter(shows_something, hidden_at=None, owner__is_active=True)


def collection_by_token(token: str) -> Collection | None:
    """The collection of a link that works."""
    return _visitors_collections().filter(token=token).select_related("owner").first()


def public_collections() -> QuerySet[Collection]:
    """Collections that anyone can find."""
    return _visitors_collections().filter(visibility=Collection.Visibility.PUBLIC)


def owners_items(items: QuerySet[CollectionItem]) -> QuerySet[CollectionItem]:
    """What the owner sees of a collection: every model that is neither deleted nor hidden."""
    return items.filter(job__in=Job.objects.visible())


def visitors_items(items: QuerySet[CollectionItem] | None = None) -> QuerySet[CollectionItem]:
    """What visitors see of a collection that they may view: published models, and those that follow the collection."""
    if items is None:
        items = CollectionItem.objects.all()
    finished = Job.objects.visible().filter(state=State.SUCCEEDED, archived_at=None)
    return items.filter(Q(follows_collection=True) | Q(job__published_at__isnull=False), job__in=finished)


def job_in_collection(token: str, job_id: UUID) -> Job | None:
    """A model that visitors see in the collection of this link."""
    collection = collection_by_token(token)
    item = (
        visitors_items(collection.items.all()).filter(job=job_id).select_related("job").first() if collection else None
    )
    return item.job if item else None


def is_public_file(name: str) -> bool:
    """True for a file that strangers may download of a job that they may view."""
    return name in PUBLIC_FILES or bool(_FRAME.fullmatch(name))


def public_files(job: Job) -> list[Artifact]:
    """The files of a job that strangers may download."""
    return [artifact for artifact in job.artifacts.all() if is_public_file(artifact.name)]


def public_file(job: Job, name: str) -> Artifact | None:
    """The file of this name, if strangers may download it."""
    return job.artifacts.select_related("job").filter(name=name).first() if is_public_file(name) else None
