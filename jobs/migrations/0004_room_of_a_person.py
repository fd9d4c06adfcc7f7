from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_job_size"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="size",
            field=models.PositiveBigIntegerField(default=0, help_text="Bytes of its photos and files."),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["owner", "state", "deleted_at", "size"], name="job_owner_room"),
        ),
    ]
