"""Versions of one model form a family. Until now only remixes were linked, by their parent."""

import uuid
from collections import Counter

from django.db import migrations, models

BATCH = 1000
"""Rows of one UPDATE."""


def number_versions(apps, schema_editor):
    """A parent and all that was made from it are a family, numbered in the order in which they were created."""
    job_model = apps.get_model("jobs", "Job")
    families, counts, rows = {}, Counter(), []
    for job in job_model.objects.order_by("created_at", "pk").only("pk", "parent_id").iterator():
        family = families.get(job.parent_id) or uuid.uuid4()
        families[job.pk] = family
        counts[family] += 1
        job.family, job.version = family, counts[family]
        rows.append(job)
    job_model.objects.bulk_update(rows, ["family", "version"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0019_plain_names")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="version",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Number within the family, in order of creation."
            ),
        ),
        migrations.AddField(model_name="job", name="family", field=models.UUIDField(null=True)),
        migrations.RunPython(number_versions, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="job",
            name="family",
            field=models.UUIDField(
                db_index=True,
                default=uuid.uuid4,
                editable=False,
                help_text="The same for all versions of one model.",
            ),
        ),
    ]
