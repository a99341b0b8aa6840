"""Each consultation and session bears the transaction that changed it last, for looks at what is owed."""

import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

# Read by bookings/looks.py. A transaction's number is given in order, and says with a snapshot whether a
# look could see what it wrote; a time cannot, for what was written first may be committed last.
GUARD = """
CREATE FUNCTION say_which_transaction_changed_it() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER it_is_known_which_transaction_changed_it
    BEFORE INSERT OR UPDATE ON bookings_consultation
    FOR EACH ROW EXECUTE FUNCTION say_which_transaction_changed_it();
CREATE TRIGGER it_is_known_which_transaction_changed_it
    BEFORE INSERT OR UPDATE ON bookings_treatmentsession
    FOR EACH ROW EXECUTE FUNCTION say_which_transaction_changed_it();
ALTER TABLE bookings_consultation
    ENABLE ALWAYS TRIGGER it_is_known_which_transaction_changed_it;
ALTER TABLE bookings_treatmentsession
    ENABLE ALWAYS TRIGGER it_is_known_which_transaction_changed_it;
"""
UNGUARD = """
DROP TRIGGER it_is_known_which_transaction_changed_it ON bookings_consultation;
DROP TRIGGER it_is_known_which_transaction_changed_it ON bookings_treatmentsession;
DROP FUNCTION say_which_transaction_changed_it();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0011_messages_that_arrive'),
        ('clinic', '0007_how_long_data_is_kept'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='consultation',
            name='changed_in',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='consultation',
            name='latest_at',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Greatest('code_issued_at', 'proven_at', 'link_asked_at', 'offered_at', 'email_changed_at', 'confirmed_at', 'asks_again_since', 'cancelled_at'), output_field=models.DateTimeField(null=True)),
        ),
        migrations.AddField(
            model_name='relay',
            name='looked_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='relay',
            name='looked_at_all_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='relay',
            name='looked_through',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='treatmentsession',
            name='changed_in',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name='consultation',
            index=models.Index(condition=models.Q(('status', 'confirmed')), fields=['confirmed_at'], name='consultation_confirmed'),
        ),
        migrations.AddIndex(
            model_name='consultation',
            index=models.Index(fields=['changed_in'], name='consultation_changed'),
        ),
        migrations.AddIndex(
            model_name='consultation',
            index=models.Index(fields=['latest_at'], name='consultation_latest'),
        ),
        migrations.AddIndex(
            model_name='treatmentsession',
            index=models.Index(fields=['changed_in'], name='session_changed'),
        ),
        migrations.AddConstraint(
            model_name='relay',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('looked_at', None), ('looked_at_all_at', None), ('looked_through', None)), models.Q(('looked_at__isnull', False), ('looked_at_all_at__isnull', False), ('looked_through__isnull', False)), _connector='OR'), name='a_look_says_when_how_far_and_when_all_was_read'),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
