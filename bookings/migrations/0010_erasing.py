"""An erased consultation names nobody, and nobody can put the values back (docs/decisions/017)."""

from django.db import migrations, models
from django.db.models import Q

GUARD = """
CREATE FUNCTION refuse_to_take_back_an_erasure() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at THEN
        RAISE EXCEPTION 'consultation % was erased', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_erased_stays_erased';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER what_was_erased_stays_erased
    BEFORE UPDATE OF erased_at ON bookings_consultation
    FOR EACH ROW EXECUTE FUNCTION refuse_to_take_back_an_erasure();
ALTER TABLE bookings_consultation ENABLE ALWAYS TRIGGER what_was_erased_stays_erased;

CREATE FUNCTION refuse_to_name_an_erased_patient() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.birth_date IS NULL AND NEW.birth_date IS NOT NULL THEN
        RAISE EXCEPTION 'patient % was erased', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_erased_stays_erased';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER what_was_erased_stays_erased
    BEFORE UPDATE OF birth_date ON bookings_patient
    FOR EACH ROW EXECUTE FUNCTION refuse_to_name_an_erased_patient();
ALTER TABLE bookings_patient ENABLE ALWAYS TRIGGER what_was_erased_stays_erased;

-- FOR KEY SHARE waits for an erasure under way: who was about to note an e-mail sees it.
CREATE FUNCTION refuse_to_write_to_an_erased_patient() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    erased timestamptz;
BEGIN
    SELECT erased_at INTO erased FROM public.bookings_consultation
        WHERE id = NEW.consultation_id FOR KEY SHARE;
    IF erased IS NOT NULL AND NEW.addressee <> '' THEN
        RAISE EXCEPTION 'consultation % was erased', NEW.consultation_id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'nobody_writes_to_an_erased_patient';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nobody_writes_to_an_erased_patient
    BEFORE INSERT OR UPDATE OF addressee, consultation_id ON bookings_message
    FOR EACH ROW EXECUTE FUNCTION refuse_to_write_to_an_erased_patient();
ALTER TABLE bookings_message ENABLE ALWAYS TRIGGER nobody_writes_to_an_erased_patient;
"""

UNGUARD = """
DROP TRIGGER nobody_writes_to_an_erased_patient ON bookings_message;
DROP TRIGGER what_was_erased_stays_erased ON bookings_patient;
DROP TRIGGER what_was_erased_stays_erased ON bookings_consultation;
DROP FUNCTION refuse_to_write_to_an_erased_patient(), refuse_to_name_an_erased_patient(),
    refuse_to_take_back_an_erasure();
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0009_receipt_can_be_checked")]
    operations = [
        migrations.AddField(
            "consultation",
            "erased_at",
            models.DateTimeField(editable=False, null=True, verbose_name="erased at"),
        ),
        migrations.AlterField(
            "consultation",
            "birth_date",
            models.DateField(null=True, verbose_name="date of birth"),
        ),
        migrations.AlterField(
            "patient", "birth_date", models.DateField(null=True, verbose_name="date of birth")
        ),
        migrations.AddConstraint(
            "consultation",
            models.CheckConstraint(
                name="an_erased_consultation_names_nobody",
                condition=Q(erased_at=None, birth_date__isnull=False)
                | (
                    Q(erased_at__isnull=False, birth_date=None, ip=None)
                    & Q(patient_name="", guardian_name="", email="", mobile="")
                    & Q(own_video_room="", move_reason="", cancel_reason="")
                    & Q(proven_note__in=["", "(erased)"])
                ),
            ),
        ),
        migrations.AddConstraint(
            "patient",
            models.CheckConstraint(
                name="of_an_erased_patient_nothing_is_known",
                condition=Q(birth_date__isnull=False)
                | Q(birth_date=None, name="", guardian_name="", email="", mobile=""),
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
