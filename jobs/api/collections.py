"""Your collections: list, create, change, fill, order, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from jobs.api.base import ApiViewSet
from jobs.api.conditional import NOT_MODIFIED, with_etag
from jobs.api.queries import PageSerializer, read_query
from jobs.api.schema import problems
from jobs.core import access, collections
from jobs.core.collections import MAX_MODELS
from jobs.http.lookup import get_or_404
from jobs.http.serializers import collection_url
from jobs.models import Collection, CollectionItem, Job
from ml.files import POSTER


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    """A collection. Its page is for anyone with `share_url`, unless it is private."""

    visibility = serializers.ChoiceField(choices=Collection.Visibility.choices)
    model_count = serializers.IntegerField(read_only=True, help_text="Models in it.")
    visible_count = serializers.IntegerField(read_only=True, help_text="Models that visitors see.")
    share_url = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    class Meta:
        model = Collection
        fields: tuple[str, ...] = (
            "id",
            "title",
            "description",
            "visibility",
            "model_count",
            "visible_count",
            "share_url",
            "page",
            "created_at",
            "updated_at",
            "published_at",
        )
        read_only_fields = fields

    def get_share_url(self, collection: Collection) -> str | None:
        """Absolute URL of the visitors' page; null while the collection is private."""
        return collection_url(collection) if collection.is_shared else None

    def get_page(self, collection: Collection) -> str:
        """The owner's page: a path on this host."""
        return collection.get_absolute_url()


class CollectionItemSerializer(serializers.ModelSerializer[CollectionItem]):
    """A model in a collection."""

    job = serializers.UUIDField(source="job_id", read_only=True)
    title = serializers.CharField(source="job.title", read_only=True)
    is_public = serializers.SerializerMethodField()
    poster_url = serializers.SerializerMethodField()

    class Meta:
        model = CollectionItem
        fields = ("job", "title", "follows_collection", "is_public", "poster_url", "added_at")
        read_only_fields = fields

    def get_is_public(self, item: CollectionItem) -> bool:
        """True if the model itself is published."""
        return item.job.published_at is not None

    def get_poster_url(self, item: CollectionItem) -> str:
        """An image of the model."""
        return reverse("api:job-file", args=[item.job_id, POSTER])


class CollectionDetailSerializer(CollectionSerializer):
    """A collection with its models in their order."""

    jobs = serializers.SerializerMethodField()

    class Meta(CollectionSerializer.Meta):
        fields = (*CollectionSerializer.Meta.fields, "jobs")
        read_only_fields = fields

    @extend_schema_field(CollectionItemSerializer(many=True))
    def get_jobs(self, collection: Collection) -> list[dict[str, Any]]:
        """The models; visitors only see those that are published or follow the collection."""
        items = collections.listed(access.owners_items(collection.items.all()))
        return list(CollectionItemSerializer(items, many=True).data)


class _JobsSerializer(serializers.Serializer[Any]):
    jobs = serializers.ListField(child=serializers.UUIDField(), max_length=MAX_MODELS)


class EditCollectionSerializer(serializers.Serializer[Any]):
    """The fields of a collection that its owner can change."""

    title = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(
        max_length=collections.DESCRIPTION_LENGTH, required=False, allow_blank=True, trim_whitespace=False
    )
    visibility = serializers.ChoiceField(
        choices=Collection.Visibility.choices,
        required=False,
        help_text="`private`: only you. `link`: anyone with `share_url`. `public`: listed in Explore. The models that "
        "follow the collection become as visible as it is. Private again, it gets another link.",
    )


class NewCollectionSerializer(EditCollectionSerializer):
    """A new collection."""

    title = serializers.CharField(max_length=100)
    jobs = serializers.ListField(child=serializers.UUIDField(), max_length=MAX_MODELS, required=False)


class AddSerializer(_JobsSerializer):
    """Models to append."""

    follows_collection = serializers.BooleanField(
        default=False,
        help_text="Let whoever may see the collection see these models, even if they are private. "
        "Without it visitors only see those that are published.",
    )


class OrderSerializer(_JobsSerializer):
    """The ids in their new order. Models that are not named come after them, in the order that they had."""


class FollowSerializer(serializers.Serializer[Any]):
    """Whether a model may be seen by whoever may see the collection."""

    follows_collection = serializers.BooleanField()


class CollectionViewSet(mixins.ListModelMixin, ApiViewSet[Collection]):
    """Your collections."""

    serializer_class = CollectionSerializer
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Collection]:
        """The user's own collections, newest first."""
        read_query(PageSerializer, self.request)
        return collections.with_counts(access.collections_of(self.request.user)).order_by("-created_at", "pk")

    @extend_schema(parameters=[PageSerializer], responses={200: CollectionSerializer(many=True)} | NOT_MODIFIED)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your collections, newest first."""
        return with_etag(request, super().list(request, *args, **kwargs))

    @extend_schema(request=NewCollectionSerializer, responses={201: CollectionDetailSerializer} | problems(409))
    def create(self, request: Request) -> Response:
        """Create a collection (201). Private unless `visibility` says otherwise. 403 `too_many_collections`."""
        form = NewCollectionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        assert isinstance(request.user, User)
        values = form.validated_data
        jobs = self._jobs(values.get("jobs", ()))
        with transaction.atomic():
            collection = collections.create(request.user, values["title"], values.get("description", ""), jobs)
            if "visibility" in values:
                collections.set_visibility(collection, values["visibility"])
        return self._response(collection.pk, status=201)

    @extend_schema(responses={200: CollectionDetailSerializer} | NOT_MODIFIED)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Get one collection with its models."""
        return with_etag(request, self._response(pk))

    @extend_schema(request=EditCollectionSerializer, responses=CollectionDetailSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change title, description or visibility. Fields that are not sent keep their values."""
        collection = self._collection(pk)
        form = EditCollectionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        with transaction.atomic():
            collections.edit(collection, values.get("title"), values.get("description"))
            if "visibility" in values:
                collections.set_visibility(collection, values["visibility"])
        return self._response(pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the collection (204). Its models stay."""
        collections.delete(self._collection(pk))
        return Response(status=204)

    @extend_schema(request=AddSerializer, responses={200: CollectionDetailSerializer} | problems(409))
    @action(detail=True, methods=["post"], pagination_class=None)
    def jobs(self, request: Request, pk: UUID) -> Response:
        """Append finished models of yours. Those that are in it already stay where they are."""
        collection = self._collection(pk)
        form = AddSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        collections.add(collection, self._jobs(values["jobs"]), values["follows_collection"])
        return self._response(pk)

    @extend_schema(
        request=FollowSerializer, responses=CollectionDetailSerializer, operation_id="collections_jobs_update"
    )
    @action(detail=True, methods=["patch"], url_path="jobs/<uuid:job_id>", url_name="job", pagination_class=None)
    def job(self, request: Request, pk: UUID, job_id: UUID) -> Response:
        """Choose whether one model may be seen by whoever may see the collection."""
        collection = self._collection(pk)
        self._item(collection, job_id)
        form = FollowSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        collections.set_follows(collection, form.validated_data["follows_collection"], [job_id])
        return self._response(pk)

    @extend_schema(responses={204: None}, operation_id="collections_jobs_delete")
    @job.mapping.delete
    def remove(self, request: Request, pk: UUID, job_id: UUID) -> Response:
        """Take one model out (204). The model itself stays."""
        collection = self._collection(pk)
        self._item(collection, job_id)
        collections.remove(collection, job_id)
        return Response(status=204)

    @extend_schema(request=OrderSerializer, responses=CollectionDetailSerializer)
    @action(detail=True, methods=["post"], pagination_class=None)
    def order(self, request: Request, pk: UUID) -> Response:
        """Bring the models into another order."""
        collection = self._collection(pk)
        form = OrderSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        collections.order(collection, form.validated_data["jobs"])
        return self._response(pk)

    def _collection(self, collection_id: UUID) -> Collection:
        return get_or_404(access.collection_for_write(self.request.user, collection_id), "collection")

    def _item(self, collection: Collection, job_id: UUID) -> CollectionItem:
        return get_or_404(access.owners_items(collection.items.filter(job=job_id)).first(), "model in this collection")

    def _jobs(self, ids: Sequence[UUID]) -> Sequence[Job]:
        """The user's jobs in this order. Raises ValidationError for an id that is none of theirs."""
        found = access.jobs_of(self.request.user).in_bulk(list(ids))
        if missing := [str(job_id) for job_id in ids if job_id not in found]:
            raise serializers.ValidationError({"jobs": f"You have no job {', '.join(missing)}."}, code="not_found")
        return [found[job_id] for job_id in ids]

    def _response(self, collection_id: UUID, status: int = 200) -> Response:
        own = collections.with_counts(access.collections_of(self.request.user))
        collection = get_or_404(own.filter(pk=collection_id).first(), "collection")
        return Response(CollectionDetailSerializer(collection).data, status=status)
