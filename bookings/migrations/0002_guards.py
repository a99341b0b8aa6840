"""What PostgreSQL refuses about consultations: a step that is not in the transition table."""

from django.db import migrations

# The table of bookings.models.TRANSITIONS as it stood when this migration was written; a
# test holds the live trigger against the table in Python.
STEPS = {
    "waiting": ["cancelled", "held"],
    "held": ["cancelled", "confirmed", "expired", "waiting"],
    "expired": ["cancelled", "held", "waiting"],
    "confirmed": ["arrived", "cancelled", "completed", "no_show"],
    "arrived": ["cancelled", "completed", "confirmed"],
    "completed": ["confirmed"],
    "no_show": ["confirmed"],
    "cancelled": [],
}
PAIRS = ", ".join(f"('{old}', '{new}')" for old, news in STEPS.items() for new in news)

GUARD = f"""
CREATE FUNCTION refuse_a_step_outside_the_transition_table() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN ({PAIRS}) THEN
        RAISE EXCEPTION 'a consultation cannot go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'only_steps_of_the_transition_table';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_steps_of_the_transition_table
    BEFORE UPDATE OF status ON bookings_consultation
    FOR EACH ROW EXECUTE FUNCTION refuse_a_step_outside_the_transition_table();
ALTER TABLE bookings_consultation ENABLE ALWAYS TRIGGER only_steps_of_the_transition_table;

ALTER TABLE clinic_concern
    ADD CONSTRAINT a_concern_can_be_named_with_its_treatment UNIQUE (id, treatment_id);
ALTER TABLE bookings_consultation
    ADD CONSTRAINT a_concern_belongs_to_its_treatment
    FOREIGN KEY (concern_id, treatment_id) REFERENCES clinic_concern (id, treatment_id);
"""

UNGUARD = """
ALTER TABLE bookings_consultation DROP CONSTRAINT a_concern_belongs_to_its_treatment;
ALTER TABLE clinic_concern DROP CONSTRAINT a_concern_can_be_named_with_its_treatment;
DROP TRIGGER only_steps_of_the_transition_table ON bookings_consultation;
DROP FUNCTION refuse_a_step_outside_the_transition_table();
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial"), ("clinic", "0002_database_roles_and_clock")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
