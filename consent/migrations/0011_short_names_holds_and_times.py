"""A short name in the ledger stands, holds and erasure requests stay, and every time is a time."""

from django.conf import settings
from django.db import migrations

# A short name is in the signed bytes of each publication and record of the treatment (decision 014).
NAMED = """
CREATE FUNCTION refuse_to_rename_what_the_ledger_names() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.slug IS DISTINCT FROM OLD.slug AND EXISTS (
        SELECT FROM public.consent_risklist
        WHERE treatment_id = OLD.id AND state IN ('published', 'retired')
    ) THEN
        RAISE EXCEPTION 'the ledger names treatment % by its short name', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_published_treatment_keeps_its_short_name';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_published_treatment_keeps_its_short_name
    BEFORE UPDATE ON clinic_treatment
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rename_what_the_ledger_names();
ALTER TABLE clinic_treatment ENABLE ALWAYS TRIGGER a_published_treatment_keeps_its_short_name;
"""
UNNAMED = """
DROP TRIGGER a_published_treatment_keeps_its_short_name ON clinic_treatment;
DROP FUNCTION refuse_to_rename_what_the_ledger_names();
"""

# What may still change: it is lifted or answered, once; and the words go when all is erased.
KEPT = """
CREATE FUNCTION refuse_to_change_a_hold_but_by_lifting_it() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lifting text[] := ARRAY['lifted_at', 'lifted_by_id', 'lift_reason'];
    words text[] := ARRAY['reason', 'lift_reason'];
BEGIN
    IF OLD.lifted_at IS NULL AND to_jsonb(NEW) - lifting = to_jsonb(OLD) - lifting THEN
        RETURN NEW;
    END IF;
    IF OLD.lifted_at IS NOT NULL AND to_jsonb(NEW) - words = to_jsonb(OLD) - words
       AND NEW.reason = '(erased)' AND NEW.lift_reason = '(erased)' AND EXISTS (
        SELECT FROM public.consent_ledgerentry entry
        WHERE entry.consultation_id = OLD.consultation_id AND entry.kind = 'erasure'
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'legal hold % can only be lifted, once', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_legal_hold_is_lifted_once';
END $$;
CREATE TRIGGER a_legal_hold_is_lifted_once
    BEFORE UPDATE ON consent_legalhold
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_hold_but_by_lifting_it();
ALTER TABLE consent_legalhold ENABLE ALWAYS TRIGGER a_legal_hold_is_lifted_once;

CREATE FUNCTION refuse_to_change_a_request_but_by_answering_it() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    answering text[] := ARRAY['answer', 'why', 'answered_by_id', 'answered_at'];
BEGIN
    IF OLD.answer = 'open' AND to_jsonb(NEW) - answering = to_jsonb(OLD) - answering THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - 'why' = to_jsonb(OLD) - 'why' AND NEW.why = '(erased)' AND EXISTS (
        SELECT FROM public.consent_ledgerentry entry
        WHERE entry.consultation_id = OLD.consultation_id AND entry.kind = 'erasure'
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'erasure request % can only be answered, once', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_erasure_request_is_answered_once';
END $$;
CREATE TRIGGER an_erasure_request_is_answered_once
    BEFORE UPDATE ON consent_erasurerequest
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_request_but_by_answering_it();
ALTER TABLE consent_erasurerequest ENABLE ALWAYS TRIGGER an_erasure_request_is_answered_once;

CREATE FUNCTION refuse_to_delete_what_says_why_it_was_kept() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: a hold and a request stay', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'holds_and_erasure_requests_stay';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER holds_and_erasure_requests_stay BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_what_says_why_it_was_kept();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER holds_and_erasure_requests_stay;
CREATE TRIGGER refuse_truncate_on_{table} BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_delete_what_says_why_it_was_kept();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_truncate_on_{table};
"""
    for table in ("consent_legalhold", "consent_erasurerequest")
)
UNKEPT = """
DROP TRIGGER a_legal_hold_is_lifted_once ON consent_legalhold;
DROP TRIGGER an_erasure_request_is_answered_once ON consent_erasurerequest;
DROP FUNCTION refuse_to_change_a_hold_but_by_lifting_it(), refuse_to_change_a_request_but_by_answering_it();
DROP FUNCTION refuse_to_delete_what_says_why_it_was_kept() CASCADE;
"""

# 'infinity', a time before Christ or after the year 9999 is none that Python can read: one such row would
# stop whoever reads the table. In seconds (1970 to 9998), for they read the same in every zone.
TIMES = {
    "consent_acknowledgement": ("shown_at", "acknowledged_at"),
    "consent_anchorplace": ("anchored_at", "failing_since", "next_try_at"),
    "consent_consentrecord": ("sealed_at",),
    "consent_erasurerequest": ("asked_at", "answered_at"),
    "consent_ledgerentry": ("written_at",),
    "consent_legalhold": ("placed_at", "lifted_at"),
    "consent_patientact": ("acted_at",),
    "consent_reading": ("opened_at",),
    "consent_recordaccess": ("accessed_at",),
    "consent_remark": ("written_at",),
    "consent_review": ("reviewed_at",),
    "consent_risklist": ("published_at", "reviewed_at"),
    "consent_treehead": ("signed_at",),
    "consent_verification": ("started_at", "finished_at"),
}
READABLE = "isfinite({0}) AND extract(epoch FROM {0}) BETWEEN 0 AND 253370764800"
REAL_TIMES = "".join(
    f"ALTER TABLE {table} ADD CONSTRAINT every_time_is_a_real_one"
    f" CHECK ({' AND '.join(READABLE.format(column) for column in columns)});\n"
    for table, columns in TIMES.items()
)
UNREADABLE = "isfinite({0}) AND extract(epoch FROM {0}) BETWEEN 0 AND 253370764800"
NO_TIMES = "".join(
    f"ALTER TABLE {table} DROP CONSTRAINT every_time_is_a_real_one;\n" for table in TIMES
)


def take_back(apps, schema_editor):
    """The application may not delete what says why something was kept."""
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    if role != schema_editor.quote_name(settings.DATABASES["owner"]["USER"]):
        for table in ("consent_legalhold", "consent_erasurerequest"):
            schema_editor.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM {role}")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0010_who_sees_the_ledger"),
        ("clinic", "0007_how_long_data_is_kept"),
    ]
    operations = [
        migrations.RunSQL(NAMED, UNNAMED),
        migrations.RunSQL(KEPT, UNKEPT),
        migrations.RunSQL(REAL_TIMES, NO_TIMES),
        migrations.RunPython(take_back, migrations.RunPython.noop),
    ]
