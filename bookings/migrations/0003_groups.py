"""Reception runs the day, dermatologists see it, the lead keeps hours and closures."""

from django.db import migrations

from clinic import groups

MAY = {
    groups.RECEPTION: [
        *("view_consultation", "add_consultation", "change_consultation"),
        "view_message",
        *("view_treatmentsession", "add_treatmentsession", "change_treatmentsession"),
    ],
    groups.DERMATOLOGISTS: ["view_consultation", "view_message", "view_treatmentsession"],
    groups.LEAD: [
        *("view_weeklyhours", "add_weeklyhours", "change_weeklyhours", "delete_weeklyhours"),
        *("view_closure", "add_closure", "change_closure", "delete_closure"),
    ],
}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="bookings", may=MAY)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_guards"), ("clinic", "0003_groups")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
