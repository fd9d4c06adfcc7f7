"""Title and tags of each job in one text, with an index of trigrams, so that a search need not read them all."""

from itertools import islice

import django.db.models.deletion
from django.core.management import CommandError
from django.db import DatabaseError, migrations, models, transaction

BATCH = 1000
NO_TRIGRAMS = (
    "PostgreSQL lacks the extension pg_trgm. Install the package postgresql-contrib of its version; if that is "
    "there, let a superuser run CREATE EXTENSION pg_trgm in this database."
)
ON_POSTGRESQL = ("CREATE INDEX search_text_trigrams ON jobs_searchtext USING gin (text gin_trgm_ops)",)
ON_SQLITE = (
    "CREATE VIRTUAL TABLE jobs_searchtext_words"
    " USING fts5 (text, content=jobs_searchtext, content_rowid=id, tokenize=trigram)",
    "INSERT INTO jobs_searchtext_words (jobs_searchtext_words) VALUES ('rebuild')",
    """CREATE TRIGGER jobs_searchtext_words_insert AFTER INSERT ON jobs_searchtext BEGIN
    INSERT INTO jobs_searchtext_words (rowid, text) VALUES (new.id, new.text);
    END""",
    """CREATE TRIGGER jobs_searchtext_words_delete AFTER DELETE ON jobs_searchtext BEGIN
    INSERT INTO jobs_searchtext_words (jobs_searchtext_words, rowid, text) VALUES ('delete', old.id, old.text);
    END""",
    """CREATE TRIGGER jobs_searchtext_words_update AFTER UPDATE ON jobs_searchtext BEGIN
    INSERT INTO jobs_searchtext_words (jobs_searchtext_words, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO jobs_searchtext_words (rowid, text) VALUES (new.id, new.text);
    END""",
)


def write_texts(apps, schema_editor):
    """Of the jobs that are there."""
    jobs = apps.get_model("jobs", "Job").objects.only("title").prefetch_related("tags").iterator(BATCH)
    search_text = apps.get_model("jobs", "SearchText")
    while batch := list(islice(jobs, BATCH)):
        search_text.objects.bulk_create(
            search_text(job=job, text="\n".join((job.title, *(tag.name for tag in job.tags.all()))).lower())
            for job in batch
        )


def add_index(apps, schema_editor):
    """As the database has it."""
    if schema_editor.connection.vendor == "postgresql":
        add_extension(schema_editor)
    statements = {"postgresql": ON_POSTGRESQL, "sqlite": ON_SQLITE}[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement, params=None)


def add_extension(schema_editor):
    """Raises CommandError where it is not installed or may not be created."""
    try:
        with transaction.atomic(schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        raise CommandError(f"{NO_TRIGRAMS} ({error})") from error


class Migration(migrations.Migration):
    dependencies = [("jobs", "0022_archive")]

    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="search_text", to="jobs.job"
                    ),
                ),
            ],
        ),
        migrations.RunPython(write_texts, migrations.RunPython.noop),
        migrations.RunPython(add_index, migrations.RunPython.noop),
    ]
