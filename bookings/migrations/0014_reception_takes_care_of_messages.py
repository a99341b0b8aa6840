"""Reception takes care of e-mails that did not arrive, the lead of those to staff; newest first by index."""

from django.db import migrations, models

from clinic import groups

MAY = {
    groups.RECEPTION: ["change_message"],
    groups.LEAD: ["view_message", "change_message"],
}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="bookings", may=MAY)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0012_what_changed"), ("clinic", "0003_groups")]
    operations = [
        migrations.RunPython(give, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["-due_at", "-id"], name="message_newest_first"),
        ),
    ]
