"""What PostgreSQL guarantees about aftercare plans: written, reviewed and published by turns, then unchanged."""

import django.db.models.deletion
from django.db import migrations, models

from clinic import groups

# The same signs as clinic.plain_text.HIDDEN, in PostgreSQL's own spelling; a test compares the two.
HIDDEN = (
    r"[\u0001-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
PARTS = ["subject", "title", "body", "red_flags", "emergency"]
PLAIN = {
    "the_words_of_aftercare_are_plain_text": (
        "clinic_aftercarestep",
        ["key", *(f"{part}_{language}" for part in PARTS for language in ("en", "ar"))],
    ),
    "the_words_about_a_plan_are_plain_text": (
        "clinic_aftercareplan",
        ["state", "change_note", "remark"],
    ),
}


def plain_text(name, table, columns):
    """PostgreSQL's own word for it: Unicode's form C, and no sign that nobody can see."""
    checks = " AND ".join(f"{column} IS NFC NORMALIZED AND {column} !~ '{HIDDEN}'" for column in columns)
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({checks});"


STEPS = """
CREATE FUNCTION refuse_a_step_that_no_plan_takes() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a plan begins as a draft, not as %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_plan_takes_its_steps_in_order';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('published', 'retired') THEN
        RETURN NEW;  -- a_published_plan_never_changes decides
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'in_review'),
        ('in_review', 'draft'),
        ('in_review', 'published'),
        ('published', 'retired')
    ) THEN
        RAISE EXCEPTION 'plan % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_plan_takes_its_steps_in_order';
    END IF;
    -- Whoever looks at a plan in review looks at what will be published.
    IF OLD.state = 'in_review'
       AND (OLD.treatment_id, OLD.version, OLD.change_note, OLD.written_by_id)
           IS DISTINCT FROM
           (NEW.treatment_id, NEW.version, NEW.change_note, NEW.written_by_id)
    THEN
        RAISE EXCEPTION 'plan % is in review and does not change', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_plan_in_review_stays_as_it_is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_plan_takes_its_steps_in_order
    BEFORE INSERT OR UPDATE ON clinic_aftercareplan
    FOR EACH ROW EXECUTE FUNCTION refuse_a_step_that_no_plan_takes();
ALTER TABLE clinic_aftercareplan ENABLE ALWAYS TRIGGER a_plan_takes_its_steps_in_order;
"""

NEVER = """
CREATE FUNCTION refuse_to_change_a_published_plan() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state IN ('published', 'retired') THEN
        IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'retired'
           AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'plan % is published and cannot change', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_published_plan_never_changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_published_plan_never_changes
    BEFORE UPDATE OR DELETE ON clinic_aftercareplan
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_published_plan();
ALTER TABLE clinic_aftercareplan ENABLE ALWAYS TRIGGER a_published_plan_never_changes;

CREATE FUNCTION refuse_to_change_a_step_outside_a_draft() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan bigint;
    plan_state text;
BEGIN
    FOREACH plan IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.plan_id]
        WHEN 'DELETE' THEN ARRAY[OLD.plan_id]
        ELSE ARRAY[OLD.plan_id, NEW.plan_id] END
    LOOP
        -- FOR SHARE: who sends the plan to review just now comes first or after, never in between.
        SELECT state INTO plan_state FROM public.clinic_aftercareplan WHERE id = plan FOR SHARE;
        IF plan_state <> 'draft' THEN
            RAISE EXCEPTION 'plan % is no draft, and its steps do not change', plan
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'steps_change_only_in_a_draft';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER steps_change_only_in_a_draft
    BEFORE INSERT OR UPDATE OR DELETE ON clinic_aftercarestep
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_step_outside_a_draft();
ALTER TABLE clinic_aftercarestep ENABLE ALWAYS TRIGGER steps_change_only_in_a_draft;

CREATE FUNCTION refuse_to_empty_the_plans() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: published plans stay', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_published_plan_never_changes';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER refuse_truncate_on_{table} BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_empty_the_plans();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_truncate_on_{table};
"""
    for table in ("clinic_aftercareplan", "clinic_aftercarestep")
)

SEEN = """
CREATE FUNCTION refuse_a_plan_that_its_writer_reviewed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.reviewed_by_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.clinic_dermatologist
        WHERE id = NEW.reviewed_by_id AND user_id <> NEW.written_by_id
    ) THEN
        RAISE EXCEPTION 'plan % is not reviewed by a second person who signs in', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_reviews_their_own_plan';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nobody_reviews_their_own_plan
    BEFORE INSERT OR UPDATE OF reviewed_by_id ON clinic_aftercareplan
    FOR EACH ROW EXECUTE FUNCTION refuse_a_plan_that_its_writer_reviewed();
ALTER TABLE clinic_aftercareplan ENABLE ALWAYS TRIGGER nobody_reviews_their_own_plan;
"""

WHOLE = """
CREATE FUNCTION refuse_a_plan_that_is_not_whole() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state = 'draft' OR NEW.state = OLD.state OR NEW.state = 'retired' THEN RETURN NEW; END IF;
    IF NEW.written_by_id IS NULL OR (NEW.state = 'published' AND NEW.published_by_id IS NULL) THEN
        RAISE EXCEPTION 'plan % does not say who wrote it, or who publishes it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_plan_says_who_wrote_and_who_published_it';
    END IF;
    IF NOT EXISTS (SELECT FROM public.clinic_aftercarestep WHERE plan_id = NEW.id) THEN
        RAISE EXCEPTION 'plan % has no step', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_published_plan_has_a_step';
    END IF;
    IF EXISTS (
        SELECT FROM public.clinic_aftercarestep WHERE plan_id = NEW.id AND (
            '' IN (btrim(subject_en), btrim(subject_ar), btrim(title_en), btrim(title_ar),
                   btrim(body_en, E' \\n'), btrim(body_ar, E' \\n'))
            OR (btrim(red_flags_en, E' \\n') = '') <> (btrim(red_flags_ar, E' \\n') = '')
            OR (btrim(emergency_en, E' \\n') = '') <> (btrim(emergency_ar, E' \\n') = ''))
    ) THEN
        RAISE EXCEPTION 'plan % lacks words in one of the languages', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'each_text_is_in_both_languages_or_in_neither';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_plan_is_whole_before_it_is_read
    BEFORE UPDATE OF state ON clinic_aftercareplan
    FOR EACH ROW EXECUTE FUNCTION refuse_a_plan_that_is_not_whole();
ALTER TABLE clinic_aftercareplan ENABLE ALWAYS TRIGGER a_plan_is_whole_before_it_is_read;
"""

READS = ["view_aftercareplan", "view_aftercarestep"]
MAY = {
    groups.RECEPTION: READS,
    groups.DERMATOLOGISTS: [*READS, "publish_aftercareplan"],
    groups.LEAD: [*READS, "add_aftercareplan", "change_aftercareplan", "publish_aftercareplan"],
}


def give(apps, schema_editor):
    groups.give(apps, schema_editor, app="clinic", may=MAY)


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0008_aftercare_plans'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='aftercarestep', name='an_aftercare_step_is_listed_once'),
        migrations.AlterModelOptions(
            name='aftercarestep',
            options={'ordering': ['plan', 'hours_after', 'position', 'id'], 'verbose_name': 'aftercare step', 'verbose_name_plural': 'aftercare steps'},
        ),
        migrations.RemoveField(model_name='aftercarestep', name='treatment'),
        migrations.RemoveField(model_name='aftercarestep', name='version'),
        migrations.RemoveField(model_name='aftercarestep', name='approved_by'),
        migrations.RemoveField(model_name='aftercarestep', name='approved_on'),
        migrations.AlterField(
            model_name='aftercarestep',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='clinic.aftercareplan', verbose_name='aftercare plan'),
        ),
        migrations.AddConstraint(
            model_name='aftercarestep',
            constraint=models.UniqueConstraint(fields=('plan', 'key'), name='an_aftercare_step_is_listed_once_per_plan'),
        ),
        *(
            migrations.RunSQL(plain_text(name, table, columns))
            for name, (table, columns) in PLAIN.items()
        ),
        migrations.RunSQL(STEPS),
        migrations.RunSQL(NEVER),
        migrations.RunSQL(SEEN),
        migrations.RunSQL(WHOLE),
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
