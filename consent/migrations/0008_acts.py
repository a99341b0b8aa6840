"""What PostgreSQL guarantees about a patient's acts: nothing blank without a reason, nothing of another's,
and nothing that counts from before a withdrawal."""

from django.db import migrations, models

# The fields are those of consent.actions.opening; a test holds the two together.
BLANK = """
ALTER TABLE consent_reading ADD CONSTRAINT who_reads_it_is_said CHECK (
    (read_by = 'interpreter') = (commitments ? 'interpreter_name')
    AND (commitments ? 'interpreter_name') = (commitments ? 'interpreter_language')
    AND (read_by <> 'guardian' OR commitments ? 'guardian_name')
    AND (read_by <> 'self' OR NOT commitments ? 'guardian_name')
    AND read_by IN ('self', 'guardian', 'interpreter'));

CREATE FUNCTION refuse_a_blank_without_its_reason() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expected text[] := ARRAY['patient_name', 'guardian_name', 'interpreter_name',
        'interpreter_language', 'birth_date', 'email', 'mobile', 'zone', 'proven_note', 'ip',
        'user_agent'];
    said text[] := ARRAY(SELECT jsonb_object_keys(NEW.commitments)
        UNION ALL SELECT jsonb_object_keys(NEW.absent) ORDER BY 1);
BEGIN
    IF said IS DISTINCT FROM ARRAY(SELECT unnest(expected) ORDER BY 1)
       OR EXISTS (SELECT FROM jsonb_each_text(NEW.absent) WHERE value !~ '^[a-z_]{3,40}$')
    THEN
        RAISE EXCEPTION 'a reading of consultation % has a blank without a reason', NEW.consultation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'nothing_is_blank_without_a_reason';
    END IF;
    IF (SELECT count(*) FROM jsonb_each_text(NEW.commitments) given
        JOIN public.consent_particulars kept ON kept.commitment = given.value
            AND kept.field = given.key AND kept.consultation_id = NEW.consultation_id
       ) <> (SELECT count(*) FROM jsonb_object_keys(NEW.commitments))
    THEN
        RAISE EXCEPTION 'a commitment of consultation % is of no particulars', NEW.consultation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_commitment_is_of_its_particulars';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nothing_is_blank_without_a_reason
    BEFORE INSERT ON consent_reading
    FOR EACH ROW EXECUTE FUNCTION refuse_a_blank_without_its_reason();
ALTER TABLE consent_reading ENABLE ALWAYS TRIGGER nothing_is_blank_without_a_reason;
"""

OWN = """
CREATE FUNCTION refuse_an_act_of_another() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    reading public.consent_reading;
    record public.consent_consentrecord;
    visit public.bookings_consultation;
    is_right boolean := true;
BEGIN
    SELECT * INTO visit FROM public.bookings_consultation WHERE id = NEW.consultation_id;
    SELECT * INTO reading FROM public.consent_reading WHERE id = NEW.reading_id;
    SELECT * INTO record FROM public.consent_consentrecord WHERE id = NEW.record_id;
    IF NEW.reading_id IS NOT NULL THEN
        is_right := reading.consultation_id = NEW.consultation_id;
    END IF;
    IF NEW.kind = 'wants_to_talk' THEN
        is_right := is_right AND reading.language = NEW.language AND EXISTS (
            SELECT FROM public.consent_risk risk
            WHERE risk.id = NEW.risk_id AND risk.risk_list_id = reading.risk_list_id);
    ELSIF NEW.kind = 'withdrawn' THEN
        -- Of the record on which the visit rests, which asks again; no later reading is left out.
        is_right := is_right AND record.consultation_id = NEW.consultation_id
            AND record.record_hash = visit.receipt AND visit.status = 'confirmed'
            AND visit.asks_again_since IS NOT NULL AND NOT EXISTS (
                SELECT FROM public.consent_reading later
                WHERE later.consultation_id = NEW.consultation_id
                  AND (NEW.reading_id IS NULL OR later.id > NEW.reading_id));
    END IF;
    IF NEW.note_commitment <> '' THEN
        is_right := is_right AND EXISTS (
            SELECT FROM public.consent_particulars kept
            WHERE kept.commitment = NEW.note_commitment
              AND kept.consultation_id = NEW.consultation_id);
    END IF;
    IF is_right IS NOT TRUE THEN
        RAISE EXCEPTION 'an act of consultation % is about something else', NEW.consultation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_act_is_about_its_own_consultation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER an_act_is_about_its_own_consultation
    BEFORE INSERT ON consent_patientact
    FOR EACH ROW EXECUTE FUNCTION refuse_an_act_of_another();
ALTER TABLE consent_patientact ENABLE ALWAYS TRIGGER an_act_is_about_its_own_consultation;
"""

WITHDRAWN = """
CREATE FUNCTION refuse_what_a_withdrawal_ended() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.consent_reading reading
        JOIN public.consent_patientact act ON act.consultation_id = reading.consultation_id
        WHERE reading.id = NEW.reading_id AND act.kind = 'withdrawn'
          AND act.reading_id >= reading.id
    ) THEN
        RAISE EXCEPTION 'reading % was ended by a withdrawal', NEW.reading_id
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'nothing_counts_from_before_a_withdrawal';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nothing_counts_from_before_a_withdrawal
    BEFORE INSERT ON consent_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION refuse_what_a_withdrawal_ended();
ALTER TABLE consent_acknowledgement ENABLE ALWAYS TRIGGER nothing_counts_from_before_a_withdrawal;
CREATE TRIGGER nothing_counts_from_before_a_withdrawal
    BEFORE INSERT ON consent_consentrecord
    FOR EACH ROW EXECUTE FUNCTION refuse_what_a_withdrawal_ended();
ALTER TABLE consent_consentrecord ENABLE ALWAYS TRIGGER nothing_counts_from_before_a_withdrawal;

CREATE FUNCTION refuse_to_carry_over_another_act() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.carried_from_id IS NULL THEN RETURN NEW; END IF;
    IF NOT EXISTS (
        SELECT FROM public.consent_acknowledgement source
        JOIN public.consent_reading before ON before.id = source.reading_id
        JOIN public.consent_reading reading ON reading.id = NEW.reading_id
        WHERE source.id = NEW.carried_from_id
          AND before.consultation_id = reading.consultation_id
          AND before.read_by = reading.read_by
          AND (source.language, source.words_hash, source.shown_at, source.acknowledged_at,
               source.wants_to_talk, source.question_commitment)
            = (NEW.language, NEW.words_hash, NEW.shown_at, NEW.acknowledged_at,
               NEW.wants_to_talk, NEW.question_commitment)
          AND NOT EXISTS (
              SELECT FROM public.consent_patientact act
              WHERE act.consultation_id = reading.consultation_id AND act.kind = 'withdrawn'
                AND act.reading_id >= before.id)
    ) THEN
        RAISE EXCEPTION 'act % cannot be carried over into reading %', NEW.carried_from_id, NEW.reading_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_carried_act_is_the_one_that_it_was';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_carried_act_is_the_one_that_it_was
    BEFORE INSERT ON consent_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION refuse_to_carry_over_another_act();
ALTER TABLE consent_acknowledgement ENABLE ALWAYS TRIGGER a_carried_act_is_the_one_that_it_was;

CREATE FUNCTION refuse_a_visit_that_rests_on_what_was_withdrawn() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asks boolean := NEW.status = 'confirmed' AND NEW.asks_again_since IS NOT NULL;
    is_new boolean := TG_OP = 'INSERT';
BEGIN
    IF NEW.status NOT IN ('confirmed', 'arrived') THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' THEN
        is_new := NEW.receipt IS DISTINCT FROM OLD.receipt;
    END IF;
    IF asks AND NOT is_new THEN RETURN NEW; END IF;
    IF EXISTS (
        SELECT FROM public.consent_consentrecord record
        JOIN public.consent_patientact act ON act.record_id = record.id AND act.kind = 'withdrawn'
        WHERE record.record_hash = NEW.receipt
    ) THEN
        RAISE EXCEPTION 'consultation % would rest on a record that was withdrawn', NEW.id
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'no_visit_rests_on_a_withdrawn_record';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_visit_rests_on_a_withdrawn_record
    BEFORE INSERT OR UPDATE OF status, receipt, asks_again_since ON bookings_consultation
    FOR EACH ROW EXECUTE FUNCTION refuse_a_visit_that_rests_on_what_was_withdrawn();
ALTER TABLE bookings_consultation ENABLE ALWAYS TRIGGER no_visit_rests_on_a_withdrawn_record;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0007_looks_for_the_lead"),
        ("bookings", "0009_receipt_can_be_checked"),
    ]
    operations = [
        migrations.AddConstraint(
            model_name="patientact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "declined")),
                fields=("consultation",),
                name="a_request_is_declined_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientact",
            constraint=models.CheckConstraint(
                condition=models.Q(("statement", ""), _negated=True),
                name="an_act_says_what_was_pressed",
            ),
        ),
        migrations.RunSQL(BLANK),
        migrations.RunSQL(OWN),
        migrations.RunSQL(WITHDRAWN),
    ]
