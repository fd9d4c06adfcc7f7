"""Moderation: jobs and reports are looked at here and changed only by the verbs of jobs.core.moderation."""

from django.contrib import admin

from jobs.admin.acts import ModerationActAdmin
from jobs.admin.files import ArtifactAdmin, PhotoAdmin
from jobs.admin.jobs import JobAdmin
from jobs.admin.reports import AbuseReportAdmin

__all__ = ["AbuseReportAdmin", "ArtifactAdmin", "JobAdmin", "ModerationActAdmin", "PhotoAdmin"]

admin.site.site_header = admin.site.site_title = "Reconsite"
admin.site.index_title = "Administration"
