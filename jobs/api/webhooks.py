"""The webhooks of a person: create, change, test, delete; their deliveries, and sending one again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.models import User
from jobs.api.base import ApiViewSet
from jobs.api.queries import PageSerializer, read_query
from jobs.api.throttling import ScopedLimit
from jobs.core import webhooks
from jobs.http.lookup import get_or_404
from jobs.models import Webhook, WebhookDelivery


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """An address that is told about your jobs."""

    events = serializers.ListField(
        child=serializers.ChoiceField(webhooks.EVENTS), required=False, help_text="Which events; all if empty."
    )

    class Meta:
        model = Webhook
        fields = ("id", "url", "events", "is_active", "created_at")
        read_only_fields = ("id", "created_at")


class CreatedWebhookSerializer(WebhookSerializer):
    """A new webhook with the secret that signs its requests, which cannot be retrieved again."""

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]
        read_only_fields = ("id", "created_at", "secret")  # type: ignore[assignment]


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One event that was or will be sent. `next_attempt_at` is null once it was delivered or given up."""

    body = serializers.JSONField(help_text="The `data` of the request.")

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "event",
            "body",
            "created_at",
            "attempts",
            "next_attempt_at",
            "delivered_at",
            "status",
            "error",
        )
        read_only_fields = fields


class WebhookViewSet(mixins.ListModelMixin, ApiViewSet[Webhook]):
    """Your webhooks."""

    serializer_class = WebhookSerializer
    lookup_value_converter = "uuid"
    throttle_scope = "share"

    def get_queryset(self) -> QuerySet[Webhook]:
        """The user's own webhooks, newest first."""
        read_query(PageSerializer, self.request)
        return self._own()

    def get_throttles(self) -> list[BaseThrottle]:
        """Limits what makes this server call others."""
        return [ScopedLimit()] if self.action in ("create", "test", "redeliver") else []

    @extend_schema(parameters=[PageSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your webhooks."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=WebhookSerializer, responses={201: CreatedWebhookSerializer})
    def create(self, request: Request) -> Response:
        """Create a webhook (201). Its secret is only in this response. 403 `too_many_webhooks`."""
        form = WebhookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        assert isinstance(request.user, User)
        values = form.validated_data
        hook = webhooks.create(request.user, values["url"], values.get("events", ()))
        return Response(CreatedWebhookSerializer(hook).data, status=201)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Get one webhook."""
        return Response(WebhookSerializer(self._hook(pk)).data)

    @extend_schema(request=WebhookSerializer, responses=WebhookSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change address, events, or whether it is active."""
        form = WebhookSerializer(self._hook(pk), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        if "url" in form.validated_data:
            webhooks.check_url(form.validated_data["url"])
        form.save()
        return Response(form.data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the webhook with its deliveries (204)."""
        self._hook(pk).delete()
        return Response(status=204)

    @extend_schema(request=None, responses={202: DeliverySerializer}, operation_id="webhooks_test")
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: UUID) -> Response:
        """Send an event `test` (202); its delivery says how that went."""
        return Response(DeliverySerializer(webhooks.send_test(self._hook(pk))).data, status=202)

    @extend_schema(parameters=[PageSerializer], responses=DeliverySerializer(many=True))
    @action(detail=True)
    def deliveries(self, request: Request, pk: UUID) -> Response:
        """List what was sent in the last 30 days, newest first."""
        read_query(PageSerializer, request)
        found: Any = self._hook(pk).deliveries.order_by("-created_at", "pk")
        rows: Any = self.paginate_queryset(found)
        return self.get_paginated_response(DeliverySerializer(rows, many=True).data)

    @extend_schema(request=None, responses={202: DeliverySerializer}, operation_id="webhooks_redeliver")
    @action(detail=True, methods=["post"], url_path="deliveries/<uuid:delivery_id>/redeliver")
    def redeliver(self, request: Request, pk: UUID, delivery_id: UUID) -> Response:
        """Send an event again (202), with the same id."""
        delivery = get_or_404(self._hook(pk).deliveries.filter(pk=delivery_id).first(), "delivery")
        return Response(DeliverySerializer(webhooks.redeliver(delivery)).data, status=202)

    def _own(self) -> QuerySet[Webhook]:
        return Webhook.objects.filter(owner=self.request.user.pk).order_by("-created_at", "pk")

    def _hook(self, webhook_id: UUID) -> Webhook:
        return get_or_404(self._own().filter(pk=webhook_id).first(), "webhook")
