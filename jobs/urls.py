from django.urls import path, register_converter

from jobs import views
from ml.files import NAME_PATTERN


class FileName:
    """The name of a result file, as the contract spells them."""

    regex = NAME_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FileName, "file_name")

app_name = "jobs"
urlpatterns = [
    path("new/", views.upload, name="upload"),
    path("models/", views.gallery, name="gallery"),
    path("jobs/", views.history, name="history"),
    path("jobs/<uuid:job_id>/", views.detail, name="detail"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", views.retry, name="retry"),
    path("jobs/<uuid:job_id>/delete/", views.delete, name="delete"),
    path("jobs/<uuid:job_id>/files/<file_name:name>", views.file, name="file"),
]
