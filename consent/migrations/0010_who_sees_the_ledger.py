"""The lead sees what verification found, where the heads are kept, and the ledger's entries."""

from django.db import migrations

from clinic import groups

MAY = {groups.LEAD: ["view_verification", "view_anchorplace", "view_ledgerentry"]}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="consent", may=MAY)


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_erasing")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
