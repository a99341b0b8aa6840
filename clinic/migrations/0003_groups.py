"""The staff's three groups; the lead keeps the catalogue."""

from django.db import migrations

from clinic import groups

MAY = {
    groups.RECEPTION: [],
    groups.DERMATOLOGISTS: [],
    groups.LEAD: [
        *("view_clinic", "change_clinic"),
        *("view_treatment", "add_treatment", "change_treatment"),
        *("view_concern", "add_concern", "change_concern", "delete_concern"),
        *("view_dermatologist", "add_dermatologist", "change_dermatologist"),
        *("view_aftercarestep", "add_aftercarestep", "change_aftercarestep"),
        "delete_aftercarestep",
    ],
}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="clinic", may=MAY)


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_database_roles_and_clock"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
