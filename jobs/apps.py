from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        """Register the system checks."""
        from reconsite.core import checks  # noqa: F401
