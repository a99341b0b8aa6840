"""What PostgreSQL refuses: a visit about a treatment that its dermatologist does not offer."""

from django.db import migrations

from clinic import groups

# Asked when a slot is taken and when its treatment or dermatologist changes; what lies behind stays
# as it was when a dermatologist gives a treatment up.
GUARD = """
CREATE FUNCTION refuse_a_treatment_that_the_dermatologist_does_not_offer() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.clinic_dermatologist_treatments
        WHERE dermatologist_id = NEW.dermatologist_id AND treatment_id = NEW.treatment_id
    ) THEN
        RAISE EXCEPTION 'dermatologist % does not offer treatment %',
            NEW.dermatologist_id, NEW.treatment_id
            USING ERRCODE = 'check_violation',
                CONSTRAINT = 'a_dermatologist_offers_what_the_visit_is_about';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_dermatologist_offers_what_a_new_visit_is_about
    BEFORE INSERT ON bookings_consultation
    FOR EACH ROW
    WHEN (NEW.status IN ('held', 'confirmed', 'arrived', 'completed', 'no_show')
        AND NEW.dermatologist_id IS NOT NULL)
    EXECUTE FUNCTION refuse_a_treatment_that_the_dermatologist_does_not_offer();
CREATE TRIGGER a_dermatologist_offers_what_the_visit_is_about
    BEFORE UPDATE OF status, dermatologist_id, treatment_id ON bookings_consultation
    FOR EACH ROW
    WHEN (NEW.status IN ('held', 'confirmed', 'arrived', 'completed', 'no_show')
        AND NEW.dermatologist_id IS NOT NULL
        AND (OLD.dermatologist_id IS DISTINCT FROM NEW.dermatologist_id
            OR OLD.treatment_id IS DISTINCT FROM NEW.treatment_id
            OR OLD.status NOT IN ('held', 'confirmed', 'arrived', 'completed', 'no_show')))
    EXECUTE FUNCTION refuse_a_treatment_that_the_dermatologist_does_not_offer();
ALTER TABLE bookings_consultation
    ENABLE ALWAYS TRIGGER a_dermatologist_offers_what_a_new_visit_is_about,
    ENABLE ALWAYS TRIGGER a_dermatologist_offers_what_the_visit_is_about;
"""

UNGUARD = """
DROP TRIGGER a_dermatologist_offers_what_a_new_visit_is_about ON bookings_consultation;
DROP TRIGGER a_dermatologist_offers_what_the_visit_is_about ON bookings_consultation;
DROP FUNCTION refuse_a_treatment_that_the_dermatologist_does_not_offer();
"""

EVERY = [f"{verb}_{room}" for room in ("season", "opening") for verb in ("view", "add", "change", "delete")]
MAY = {groups.LEAD: EVERY, groups.RECEPTION: ["view_closure", "view_opening", "view_season"]}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="bookings", may=MAY)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0005_seasons_openings_and_offers"),
        ("clinic", "0005_when_visits_begin"),
    ]
    operations = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
