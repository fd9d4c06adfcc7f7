from django.urls import path

from jobs import converters, views  # noqa: F401 (registers `file_name`)

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
