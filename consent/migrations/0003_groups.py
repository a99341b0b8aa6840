"""Dermatologists read and review records and publish wording; the lead writes it. Reception: neither."""

from django.db import migrations

from clinic import groups

MAY = {
    groups.DERMATOLOGISTS: [
        *("view_consentrecord", "view_review", "add_review"),
        *("view_risklist", "view_risk", "publish_risklist"),
    ],
    groups.LEAD: [
        *("view_risklist", "add_risklist", "change_risklist", "publish_risklist"),
        *("view_risk", "add_risk", "change_risk", "delete_risk"),
    ],
}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="consent", may=MAY)


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_guards"), ("clinic", "0003_groups")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
