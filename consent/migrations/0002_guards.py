"""What PostgreSQL guarantees about evidence (docs/decisions/003): written once, whole, and true."""

from django.conf import settings
from django.db import migrations

WRITTEN_ONCE = [
    "consent_reading",
    "consent_acknowledgement",
    "consent_consentrecord",
    "consent_review",
]
# Personal values: the application may add and read, and only an erasure may ever delete.
PARTICULARS = "consent_particulars"

REFUSE_CHANGE = """
CREATE FUNCTION refuse_to_change_evidence() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: evidence is written once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'evidence_is_written_once';
END $$;
CREATE FUNCTION stamp_recorded_at() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.recorded_at := clock_timestamp();  -- whatever the writer said
    RETURN NEW;
END $$;
"""

# One live wording: what `consent.models.Risk.words` makes in Python.
WORDS = """
CREATE FUNCTION risk_words(risk public.consent_risk, language text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE language
        WHEN 'en' THEN concat_ws(E'\\n\\n', risk.name_en, risk.what_it_is_en,
            nullif(risk.how_often_en, ''), risk.how_long_en, risk.what_helps_en,
            risk.when_to_call_en)
        WHEN 'ar' THEN concat_ws(E'\\n\\n', risk.name_ar, risk.what_it_is_ar,
            nullif(risk.how_often_ar, ''), risk.how_long_ar, risk.what_helps_ar,
            risk.when_to_call_ar)
    END
$$;

CREATE FUNCTION refuse_words_that_are_not_the_lists() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    risk public.consent_risk;
    list public.consent_risklist;
BEGIN
    SELECT * INTO risk FROM public.consent_risk WHERE id = NEW.risk_id;
    SELECT * INTO list FROM public.consent_risklist WHERE id = NEW.risk_list_id;
    IF NEW.words IS DISTINCT FROM public.risk_words(risk, NEW.language)
       OR NEW.statement IS DISTINCT FROM
          (CASE NEW.language WHEN 'en' THEN list.statement_en ELSE list.statement_ar END)
       OR NEW.words_hash IS DISTINCT FROM
          encode(sha256(convert_to(NEW.words || E'\\n\\n' || NEW.statement, 'UTF8')), 'hex')
    THEN
        RAISE EXCEPTION 'the words acknowledged are not those of risk %', NEW.risk_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'the_words_are_those_of_the_list';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER the_words_are_those_of_the_list
    BEFORE INSERT ON consent_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION refuse_words_that_are_not_the_lists();
ALTER TABLE consent_acknowledgement ENABLE ALWAYS TRIGGER the_words_are_those_of_the_list;
"""

TOGETHER = """
ALTER TABLE consent_reading
    ADD CONSTRAINT a_reading_is_of_one_list_in_one_language UNIQUE (id, risk_list_id, language),
    ADD CONSTRAINT a_reading_is_of_one_consultation UNIQUE (id, consultation_id);
ALTER TABLE consent_risk ADD CONSTRAINT a_risk_is_of_one_list UNIQUE (id, risk_list_id);
ALTER TABLE consent_acknowledgement
    ADD CONSTRAINT an_acknowledgement_is_of_its_readings_list_and_language
        FOREIGN KEY (reading_id, risk_list_id, language)
        REFERENCES consent_reading (id, risk_list_id, language),
    ADD CONSTRAINT an_acknowledgement_is_of_a_risk_of_its_list
        FOREIGN KEY (risk_id, risk_list_id) REFERENCES consent_risk (id, risk_list_id);
ALTER TABLE consent_consentrecord
    ADD CONSTRAINT a_record_is_of_its_readings_consultation
        FOREIGN KEY (reading_id, consultation_id) REFERENCES consent_reading (id, consultation_id);
"""

TRUE = """
ALTER TABLE consent_consentrecord ADD CONSTRAINT a_record_is_named_by_the_hash_of_its_content
    CHECK (record_hash = encode(sha256(content), 'hex'));
ALTER TABLE consent_particulars ADD CONSTRAINT particulars_are_bound_by_their_commitment
    CHECK (commitment = encode(sha256(
        salt || convert_to(field, 'UTF8') || '\\x00'::bytea || convert_to(value, 'UTF8')), 'hex'));

CREATE FUNCTION refuse_a_reading_of_anything_but_the_live_list() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.consent_risklist list, public.bookings_consultation consultation
        WHERE list.id = NEW.risk_list_id AND list.state = 'published'
          AND consultation.id = NEW.consultation_id
          AND consultation.treatment_id = list.treatment_id
          AND consultation.is_demo = NEW.is_demo
    ) THEN
        RAISE EXCEPTION 'consultation % cannot read list %', NEW.consultation_id, NEW.risk_list_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_reading_is_of_the_live_list';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_reading_is_of_the_live_list
    BEFORE INSERT ON consent_reading
    FOR EACH ROW EXECUTE FUNCTION refuse_a_reading_of_anything_but_the_live_list();
ALTER TABLE consent_reading ENABLE ALWAYS TRIGGER a_reading_is_of_the_live_list;
"""

PUBLISHED = """
CREATE FUNCTION refuse_to_change_a_published_list() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state IN ('published', 'retired') THEN
        IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'retired'
           AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'risk list % is published and cannot change', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_published_list_never_changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_published_list_never_changes
    BEFORE UPDATE OR DELETE ON consent_risklist
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_published_list();
ALTER TABLE consent_risklist ENABLE ALWAYS TRIGGER a_published_list_never_changes;

CREATE FUNCTION refuse_a_list_that_is_published_empty() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state = 'published' AND NOT EXISTS (
        SELECT FROM public.consent_risk WHERE risk_list_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'risk list % has no risk and cannot be published', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_published_list_has_a_risk';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_published_list_has_a_risk
    BEFORE INSERT OR UPDATE OF state ON consent_risklist
    FOR EACH ROW EXECUTE FUNCTION refuse_a_list_that_is_published_empty();
ALTER TABLE consent_risklist ENABLE ALWAYS TRIGGER a_published_list_has_a_risk;

CREATE FUNCTION refuse_to_change_a_published_risk() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    list_state text;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        -- FOR SHARE waits for a publication under way, so that no change slips in beside it.
        SELECT state INTO list_state FROM public.consent_risklist
            WHERE id = OLD.risk_list_id FOR SHARE;
        IF list_state IN ('published', 'retired') THEN
            RAISE EXCEPTION 'risk % is published and cannot change', OLD.id
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_published_risk_never_changes';
        END IF;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        SELECT state INTO list_state FROM public.consent_risklist
            WHERE id = NEW.risk_list_id FOR SHARE;
        IF list_state IN ('published', 'retired') THEN
            RAISE EXCEPTION 'risk list % is published and cannot change', NEW.risk_list_id
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_published_risk_never_changes';
        END IF;
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER a_published_risk_never_changes
    BEFORE INSERT OR UPDATE OR DELETE ON consent_risk
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_published_risk();
ALTER TABLE consent_risk ENABLE ALWAYS TRIGGER a_published_risk_never_changes;
"""

CONFIRMED = """
CREATE FUNCTION refuse_a_visit_without_its_record() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status IN ('confirmed', 'arrived', 'completed', 'no_show') AND NOT EXISTS (
        SELECT FROM public.consent_consentrecord record
        JOIN public.consent_reading reading ON reading.id = record.reading_id
        JOIN public.consent_risklist list ON list.id = reading.risk_list_id
        WHERE record.consultation_id = NEW.id
          AND record.record_hash = NEW.receipt
          AND list.treatment_id = NEW.treatment_id
          AND NEW.risks_total = (
              SELECT count(*) FROM public.consent_risk risk WHERE risk.risk_list_id = list.id)
          AND NOT EXISTS (
              SELECT FROM public.consent_risk risk
              WHERE risk.risk_list_id = list.id AND NOT EXISTS (
                  SELECT FROM public.consent_acknowledgement act
                  WHERE act.reading_id = reading.id AND act.risk_id = risk.id))
    ) THEN
        RAISE EXCEPTION 'consultation % has no record of every risk acknowledged', NEW.id
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'a_visit_has_a_record_of_every_risk';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_visit_has_a_record_of_every_risk
    BEFORE INSERT OR UPDATE OF status, treatment_id, receipt, risks_total ON bookings_consultation
    FOR EACH ROW EXECUTE FUNCTION refuse_a_visit_without_its_record();
ALTER TABLE bookings_consultation ENABLE ALWAYS TRIGGER a_visit_has_a_record_of_every_risk;

CREATE FUNCTION refuse_a_record_of_an_unfinished_reading() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.consent_reading reading
        JOIN public.consent_risk risk ON risk.risk_list_id = reading.risk_list_id
        WHERE reading.id = NEW.reading_id AND NOT EXISTS (
            SELECT FROM public.consent_acknowledgement act
            WHERE act.reading_id = reading.id AND act.risk_id = risk.id)
    ) THEN
        RAISE EXCEPTION 'reading % does not have every risk acknowledged', NEW.reading_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_record_seals_a_complete_reading';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_record_seals_a_complete_reading
    BEFORE INSERT ON consent_consentrecord
    FOR EACH ROW EXECUTE FUNCTION refuse_a_record_of_an_unfinished_reading();
ALTER TABLE consent_consentrecord ENABLE ALWAYS TRIGGER a_record_seals_a_complete_reading;
"""


def guard(apps, schema_editor):
    for table in [*WRITTEN_ONCE, PARTICULARS]:
        for event, level in (("update_or_delete", "ROW"), ("truncate", "STATEMENT")):
            name = f"refuse_{event}_on_{table}"
            what = "TRUNCATE" if event == "truncate" else "UPDATE OR DELETE"
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {what} ON {table} "
                f"FOR EACH {level} EXECUTE FUNCTION refuse_to_change_evidence()"
            )
            schema_editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    for table in WRITTEN_ONCE:
        schema_editor.execute(
            f"CREATE TRIGGER recorded_at_is_the_databases BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION stamp_recorded_at()"
        )
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER recorded_at_is_the_databases")
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    if role != schema_editor.quote_name(settings.DATABASES["owner"]["USER"]):
        for table in [*WRITTEN_ONCE, PARTICULARS]:
            schema_editor.execute(f"REVOKE ALL ON {table} FROM {role}")
            schema_editor.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0001_initial"),
        ("bookings", "0002_guards"),
        ("clinic", "0002_database_roles_and_clock"),
    ]
    operations = [
        migrations.RunSQL(REFUSE_CHANGE),
        migrations.RunSQL(WORDS),
        migrations.RunSQL(TOGETHER),
        migrations.RunSQL(TRUE),
        migrations.RunSQL(PUBLISHED),
        migrations.RunSQL(CONFIRMED),
        migrations.RunPython(guard),
    ]
