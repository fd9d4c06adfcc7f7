from __future__ import annotations

from typing import Any

import django.utils.timezone
from django.db import migrations, models
from django.db.models.functions import Coalesce


def fill(apps: Any, schema_editor: Any) -> None:
    """The last change of an existing job that is known."""
    jobs = apps.get_model("jobs", "Job").objects.using(schema_editor.connection.alias)
    jobs.update(updated_at=Coalesce("finished_at", "started_at", "created_at"))


class Migration(migrations.Migration):
    dependencies = [("jobs", "0007_deletion")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="updated_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
