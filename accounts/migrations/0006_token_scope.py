from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_deletion")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="is_renewed",
            field=models.BooleanField(default=True, help_text="Each use postpones its expiry."),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="scope",
            field=models.CharField(
                choices=[("read", "Read only"), ("write", "Read and write")], default="write", max_length=5
            ),
        ),
    ]
