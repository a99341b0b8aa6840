"""What PostgreSQL guarantees about the ledger: an entry is what its bytes say, and an erasure is written."""

from django.conf import settings
from django.db import migrations

WRITTEN_ONCE = [
    "consent_ledgerentry",
    "consent_treenode",
    "consent_treehead",
    "consent_patientact",
    "consent_recordaccess",
    "consent_verification",
]

TRUE = """
ALTER TABLE consent_ledgerentry
    ADD CONSTRAINT an_entry_is_named_by_the_hash_of_its_bytes
        CHECK (entry_hash = encode(sha256(content), 'hex')),
    ADD CONSTRAINT a_signature_has_64_bytes
        CHECK (length(signature) = 64 AND (cosignature IS NULL OR length(cosignature) = 64));
ALTER TABLE consent_treenode
    ADD CONSTRAINT a_hash_has_32_bytes CHECK (length(hash) = 32);
ALTER TABLE consent_treehead
    ADD CONSTRAINT a_root_has_32_bytes CHECK (length(root) = 32 AND length(signature) = 64);
ALTER TABLE consent_acknowledgement
    ADD CONSTRAINT an_act_has_a_salt CHECK (length(salt) = 16);

CREATE FUNCTION refuse_an_entry_that_is_not_its_bytes() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    says jsonb := convert_from(NEW.content, 'UTF8')::jsonb;
    owner oid;
BEGIN
    IF (says ->> 'entry') IS DISTINCT FROM NEW.kind
       OR (says ->> 'key') IS DISTINCT FROM NEW.key_id
       OR (says ->> 'at')::timestamptz IS DISTINCT FROM NEW.written_at
       OR (says ->> 'consultation') IS DISTINCT FROM coalesce(
           (SELECT reference FROM public.bookings_consultation WHERE id = NEW.consultation_id), '')
    THEN
        RAISE EXCEPTION 'the columns of entry % are not what its bytes say', NEW.entry_hash
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_is_what_its_bytes_say';
    END IF;
    IF NEW.kind = 'erasure' THEN
        SELECT relowner INTO owner FROM pg_class WHERE oid = TG_RELID;
        IF owner <> current_user::regrole THEN
            RAISE EXCEPTION 'an erasure is entered by erasing'
                USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'an_erasure_is_entered_by_erasing';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER an_entry_is_what_its_bytes_say
    BEFORE INSERT ON consent_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_an_entry_that_is_not_its_bytes();
ALTER TABLE consent_ledgerentry ENABLE ALWAYS TRIGGER an_entry_is_what_its_bytes_say;

CREATE FUNCTION refuse_an_entry_of_another_kind() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text := TG_ARGV[0];
    found public.consent_ledgerentry;
BEGIN
    IF TG_TABLE_NAME = 'consent_consentrecord' THEN
        SELECT * INTO found FROM public.consent_ledgerentry WHERE entry_hash = NEW.record_hash;
    ELSE
        SELECT * INTO found FROM public.consent_ledgerentry WHERE id = NEW.entry_id;
    END IF;
    IF TG_TABLE_NAME = 'consent_patientact' THEN
        wanted := CASE NEW.kind WHEN 'withdrawn' THEN 'withdrawal' ELSE NEW.kind END;
        IF NEW.entry_id IS NULL THEN RETURN NEW; END IF;
    END IF;
    IF found.kind IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION '% rests on an entry of kind %', TG_TABLE_NAME, found.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_row_rests_on_an_entry_of_its_kind';
    END IF;
    RETURN NEW;
END $$;
"""

# An erasure takes the personal values away and nothing else; afterwards none can come back.
ERASING = """
CREATE FUNCTION refuse_to_delete_particulars_without_an_entry() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM public.consent_ledgerentry entry
        WHERE entry.consultation_id = OLD.consultation_id AND entry.kind = 'erasure'
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %: evidence is written once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'evidence_is_written_once';
END $$;
DROP TRIGGER refuse_update_or_delete_on_consent_particulars ON consent_particulars;
CREATE TRIGGER refuse_update_or_delete_on_consent_particulars
    BEFORE UPDATE OR DELETE ON consent_particulars
    FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_particulars_without_an_entry();
ALTER TABLE consent_particulars
    ENABLE ALWAYS TRIGGER refuse_update_or_delete_on_consent_particulars;

CREATE FUNCTION refuse_particulars_of_an_erased_consultation() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.consent_ledgerentry entry
        WHERE entry.consultation_id = NEW.consultation_id AND entry.kind = 'erasure'
    ) THEN
        RAISE EXCEPTION 'consultation % was erased', NEW.consultation_id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_erased_stays_erased';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER what_was_erased_stays_erased
    BEFORE INSERT ON consent_particulars
    FOR EACH ROW EXECUTE FUNCTION refuse_particulars_of_an_erased_consultation();
ALTER TABLE consent_particulars ENABLE ALWAYS TRIGGER what_was_erased_stays_erased;

-- The one way to delete particulars: the signed entry and the deletion in one transaction.
CREATE FUNCTION erase_particulars(
    erased bigint, entry_content bytea, entry_key text, entry_signature bytea
) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entry_id bigint;
BEGIN
    PERFORM FROM public.bookings_consultation WHERE id = erased FOR UPDATE;
    IF EXISTS (
        SELECT FROM public.consent_legalhold
        WHERE consultation_id = erased AND lifted_at IS NULL
    ) THEN
        RAISE EXCEPTION 'consultation % is under a legal hold', erased
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_legal_hold_stops_an_erasure';
    END IF;
    INSERT INTO public.consent_ledgerentry
        (kind, consultation_id, content, entry_hash, key_id, signature, written_at)
    VALUES ('erasure', erased, entry_content, encode(sha256(entry_content), 'hex'), entry_key,
        entry_signature, (convert_from(entry_content, 'UTF8')::jsonb ->> 'at')::timestamptz)
    RETURNING id INTO entry_id;
    DELETE FROM public.consent_particulars WHERE consultation_id = erased;
    RETURN entry_id;
END $$;
REVOKE ALL ON FUNCTION erase_particulars(bigint, bytea, text, bytea) FROM PUBLIC;
"""


def guard(apps, schema_editor):
    run = schema_editor.execute
    for table in WRITTEN_ONCE:
        for event, level in (("update_or_delete", "ROW"), ("truncate", "STATEMENT")):
            name = f"refuse_{event}_on_{table}"
            what = "TRUNCATE" if event == "truncate" else "UPDATE OR DELETE"
            run(
                f"CREATE TRIGGER {name} BEFORE {what} ON {table} "
                f"FOR EACH {level} EXECUTE FUNCTION refuse_to_change_evidence()"
            )
            run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        run(
            f"CREATE TRIGGER recorded_at_is_the_databases BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION stamp_recorded_at()"
        )
        run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER recorded_at_is_the_databases")
    for table, kind in (
        ("consent_consentrecord", "record"),
        ("consent_review", "review"),
        ("consent_patientact", ""),
    ):
        run(
            f"CREATE TRIGGER a_row_rests_on_an_entry_of_its_kind BEFORE INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_an_entry_of_another_kind('{kind}')"
        )
        run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER a_row_rests_on_an_entry_of_its_kind")
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    run(f"GRANT EXECUTE ON FUNCTION erase_particulars(bigint, bytea, text, bytea) TO {role}")
    if role != schema_editor.quote_name(settings.DATABASES["owner"]["USER"]):
        for table in WRITTEN_ONCE:
            run(f"REVOKE ALL ON {table} FROM {role}")
            run(f"GRANT SELECT, INSERT ON {table} TO {role}")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0004_ledger"),
        ("bookings", "0009_receipt_can_be_checked"),
        ("clinic", "0007_how_long_data_is_kept"),
    ]
    operations = [
        migrations.RunSQL(TRUE),
        migrations.RunSQL(ERASING),
        migrations.RunPython(guard),
    ]
