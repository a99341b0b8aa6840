"""Reception closes hours too: closing what is booked cancels visits, which is reception's to do."""

from django.db import migrations

from clinic import groups

MAY = {groups.RECEPTION: ["add_closure", "change_closure", "delete_closure"]}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="bookings", may=MAY)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0007_a_time_is_offered")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
