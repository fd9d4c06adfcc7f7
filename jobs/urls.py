from django.urls import path

from jobs import converters  # noqa: F401 (registers `file_name`)
from jobs.views import job, lists, upload

app_name = "jobs"
urlpatterns = [
    path("new/", upload.upload, name="upload"),
    path("models/", lists.gallery, name="gallery"),
    path("jobs/", lists.history, name="history"),
    path("jobs/<uuid:job_id>/", job.detail, name="detail"),
    path("jobs/<uuid:job_id>/cancel/", job.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", job.retry, name="retry"),
    path("jobs/<uuid:job_id>/delete/", job.delete, name="delete"),
    path("jobs/<uuid:job_id>/files/<file_name:name>", job.file, name="file"),
]
