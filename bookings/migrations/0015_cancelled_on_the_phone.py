"""A patient calls to cancel, and staff do it for them: the clinic did not cancel."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0014_reception_takes_care_of_messages")]
    operations = [
        migrations.AddField(
            model_name="consultation",
            name="cancelled_on_the_phone",
            field=models.BooleanField(
                default=False, verbose_name="cancelled by the patient, on the phone"
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                name="on_the_phone_staff_cancel_for_the_patient",
                condition=models.Q(cancelled_on_the_phone=False)
                | models.Q(status="cancelled", cancelled_by_patient=False),
            ),
        ),
    ]
