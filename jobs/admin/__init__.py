"""Moderation: pages to view jobs and reports. Only the commands of jobs.core.moderation change them."""

from jobs.admin.audit_log import ModerationActAdmin
from jobs.admin.collections import CollectionAdmin
from jobs.admin.files import ArtifactAdmin, PhotoAdmin
from jobs.admin.jobs import JobAdmin
from jobs.admin.reports import AbuseReportAdmin

__all__ = ["AbuseReportAdmin", "ArtifactAdmin", "CollectionAdmin", "JobAdmin", "ModerationActAdmin", "PhotoAdmin"]
