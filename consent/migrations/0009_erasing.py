"""Nothing is scrubbed without the ledger's entry of it; who takes, answers and holds (docs/decisions/017)."""

from django.db import migrations

from clinic import groups

BY_AN_ENTRY = """
CREATE FUNCTION refuse_an_erasure_without_its_entry() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.erased_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.consent_ledgerentry entry
        WHERE entry.consultation_id = NEW.id AND entry.kind = 'erasure'
    ) THEN
        RAISE EXCEPTION 'no entry says that consultation % was erased', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_consultation_is_erased_by_an_entry';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_consultation_is_erased_by_an_entry
    BEFORE INSERT OR UPDATE OF erased_at ON bookings_consultation
    FOR EACH ROW EXECUTE FUNCTION refuse_an_erasure_without_its_entry();
ALTER TABLE bookings_consultation ENABLE ALWAYS TRIGGER a_consultation_is_erased_by_an_entry;
"""

UNGUARD = """
DROP TRIGGER a_consultation_is_erased_by_an_entry ON bookings_consultation;
DROP FUNCTION refuse_an_erasure_without_its_entry();
"""

MAY = {
    groups.RECEPTION: ["view_erasurerequest", "add_erasurerequest"],
    groups.LEAD: [
        *("view_erasurerequest", "add_erasurerequest", "change_erasurerequest"),
        *("view_legalhold", "add_legalhold", "change_legalhold"),
    ],
}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="consent", may=MAY)


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_acts"), ("bookings", "0010_erasing")]
    operations = [
        migrations.RunSQL(BY_AN_ENTRY, UNGUARD),
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
