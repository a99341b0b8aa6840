"""The lead sees who looked at which consent record; what stands in the record stays for who reviews it."""

from django.db import migrations

from clinic import groups


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="consent", may={groups.LEAD: ["view_recordaccess"]})


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_wording"), ("clinic", "0003_groups")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
