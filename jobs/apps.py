from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        """Register system checks, report errors, and let open sockets know when somebody's access changes."""
        from accounts.core.announce import access_changed
        from jobs.core import notify
        from reconsite.core import checks, telemetry  # noqa: F401

        telemetry.report_errors()
        access_changed.connect(notify.access_changed)
