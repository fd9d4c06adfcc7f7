import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_room_of_a_person")]

    operations = [
        migrations.RenameModel("WorkerBeat", "WorkerHeartbeat"),
        migrations.RenameIndex("job", new_name="job_owner_storage", old_name="job_owner_room"),
        migrations.AlterModelOptions(
            name="moderationact",
            options={"ordering": ("-at",), "verbose_name": "audit log entry", "verbose_name_plural": "audit log"},
        ),
        migrations.AlterField(
            model_name="abusereport",
            name="reason",
            field=models.CharField(
                choices=[
                    ("offensive", "Offensive or hateful"),
                    ("person", "Shows someone without consent"),
                    ("copyright", "Copyright infringement"),
                    ("other", "Something else"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                help_text="The job whose scene is reused.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="remixes",
                to="jobs.job",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="size",
            field=models.PositiveBigIntegerField(default=0, help_text="Bytes of its photos and result files."),
        ),
        migrations.AlterField(
            model_name="moderationact",
            name="act",
            field=models.CharField(
                choices=[
                    ("hide", "Hidden"),
                    ("unhide", "Shown again"),
                    ("cancel", "Cancelled"),
                    ("ban", "Person banned"),
                    ("unban", "Person unbanned"),
                    ("close", "Report closed"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="moderationact",
            name="subject",
            field=models.CharField(
                help_text="Title or email address, kept after the row itself is deleted.", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="photo",
            name="sha256",
            field=models.CharField(help_text="SHA-256 of the uploaded file.", max_length=64),
        ),
        migrations.AlterField(
            model_name="photo",
            name="size",
            field=models.PositiveBigIntegerField(help_text="Bytes of the stored file."),
        ),
    ]
