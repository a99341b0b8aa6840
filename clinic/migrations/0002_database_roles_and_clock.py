"""The role that the application runs as may read and write; the database tells the time."""

from django.conf import settings
from django.db import migrations

CLOCK = """
CREATE FUNCTION clinic_now() RETURNS timestamptz
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'SELECT clock_timestamp()';
COMMENT ON FUNCTION clinic_now() IS 'The one clock of the application (clinic.clock.now).';
"""


def grant(apps, schema_editor):
    """Lets the application's role work with every table that the owner has made or will make.

    Evidence is then taken back to SELECT and INSERT by the migrations of `consent`.
    """
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    for sql in (
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    ):
        schema_editor.execute(sql)
    if role != schema_editor.quote_name(settings.DATABASES["owner"]["USER"]):
        schema_editor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}")


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]
    operations = [
        migrations.RunSQL(CLOCK, "DROP FUNCTION clinic_now()"),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
