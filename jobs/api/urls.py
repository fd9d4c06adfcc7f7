"""The URLs of the API below /api/v1/."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from jobs.api.collections import CollectionViewSet
from jobs.api.cutouts import CutoutViewSet
from jobs.api.events import Events, Ticket
from jobs.api.explore import ExploreViewSet
from jobs.api.links import LinkedFile
from jobs.api.recycle_bin import BinViewSet
from jobs.api.server import Server
from jobs.api.uploads import UploadViewSet
from jobs.api.views import JobViewSet
from jobs.api.webhooks import WebhookViewSet
from jobs.http import converters  # noqa: F401 (registers `file_name`)

router = SimpleRouter(use_regex_path=False)
router.register("jobs", JobViewSet, basename="job")
router.register("cutouts", CutoutViewSet, basename="cutout")
router.register("collections", CollectionViewSet, basename="collection")
router.register("uploads", UploadViewSet, basename="upload")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("bin", BinViewSet, basename="bin")
router.register("explore", ExploreViewSet, basename="explore")

app_name = "api"
urlpatterns = [
    path("", include(router.urls)),
    path("events/", Events.as_view(), name="events"),
    path("events/ticket/", Ticket.as_view(), name="ticket"),
    path("links/<str:token>/<file_name:name>", LinkedFile.as_view(), name="link"),
    path("server/", Server.as_view(), name="server"),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="schema"),
    path(
        "docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema", permission_classes=[AllowAny]), name="docs"
    ),
]
