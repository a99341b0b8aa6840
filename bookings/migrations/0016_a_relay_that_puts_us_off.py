"""Since when the mail server puts e-mails off and takes none, and which ones it did."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0015_cancelled_on_the_phone'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='put_off_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='relay',
            name='put_off_since',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
