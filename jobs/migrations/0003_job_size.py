from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Jobs that are there already get the sum of their photos and files."""
    sums = [_sum(apps.get_model("jobs", name)) for name in ("Photo", "Artifact")]
    apps.get_model("jobs", "Job").objects.update(size=sums[0] + sums[1])


def _sum(model: type[models.Model]) -> Coalesce:
    total = model.objects.filter(job=OuterRef("pk")).order_by().values("job").annotate(total=Sum("size"))
    return Coalesce(Subquery(total.values("total")), 0)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_sharing")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="size",
            field=models.PositiveBigIntegerField(default=0, help_text="Bytes of its photos and files, for sorting."),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
