"""The URLs of jobs: upload, lists, one job, share links and published models."""

from django.urls import path

from jobs.http import converters  # noqa: F401 (registers `file_name`)
from jobs.views import actions, bulk, cutout, explore, install, job, lists, oembed, shared, upload

app_name = "jobs"
urlpatterns = [
    path("manifest.webmanifest", install.manifest, name="manifest"),
    path("service-worker.js", install.service_worker, name="service_worker"),
    path("offline/", install.offline, name="offline"),
    path("share-target/", install.share_target, name="share_target"),
    path("new/", upload.upload, name="upload"),
    path("new/cutout/", cutout.cutout, name="cutout"),
    path("models/", lists.gallery, name="gallery"),
    path("models/bulk/", bulk.bulk, name="bulk"),
    path("explore/", explore.explore, name="explore"),
    path("explore/<uuid:job_id>/", shared.public, name="public"),
    path("explore/<uuid:job_id>/files.zip", shared.public_bundle, name="public_bundle"),
    path("explore/<uuid:job_id>/picture.jpg", shared.public_picture, name="public_picture"),
    path("explore/<uuid:job_id>/files/<file_name:name>", shared.public_file, name="public_file"),
    path("explore/<uuid:job_id>/embed/", shared.public_embed, name="public_embed"),
    path("explore/<uuid:job_id>/report/", explore.report, name="report"),
    path("oembed/", oembed.oembed, name="oembed"),
    path("s/<str:token>/", shared.shared, name="shared"),
    path("s/<str:token>/embed/", shared.embed, name="embed"),
    path("s/<str:token>/files.zip", shared.shared_bundle, name="shared_bundle"),
    path("s/<str:token>/picture.jpg", shared.shared_picture, name="shared_picture"),
    path("s/<str:token>/files/<file_name:name>", shared.shared_file, name="shared_file"),
    path("s/<str:token>/report/", explore.shared_report, name="shared_report"),
    path("jobs/", lists.history, name="history"),
    path("jobs/<uuid:job_id>/", job.detail, name="detail"),
    path("jobs/<uuid:job_id>/cancel/", actions.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", actions.retry, name="retry"),
    path("jobs/<uuid:job_id>/delete/", job.delete, name="delete"),
    path("jobs/<uuid:job_id>/tags/", actions.tags, name="tags"),
    path("jobs/<uuid:job_id>/rename/", actions.rename, name="rename"),
    path("jobs/<uuid:job_id>/remix/", job.remix, name="remix"),
    path("jobs/<uuid:job_id>/share/", actions.share, name="share"),
    path("jobs/<uuid:job_id>/revoke/", actions.revoke, name="revoke"),
    path("jobs/<uuid:job_id>/publish/", actions.publish, name="publish"),
    path("jobs/<uuid:job_id>/unpublish/", actions.unpublish, name="unpublish"),
    path("jobs/<uuid:job_id>/files.zip", job.bundle, name="bundle"),
    path("jobs/<uuid:job_id>/files/<file_name:name>", job.file, name="file"),
    path("jobs/<uuid:job_id>/photos/<int:position>/", upload.photo, name="photo"),
]
