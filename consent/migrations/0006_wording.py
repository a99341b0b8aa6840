"""How a list comes to be published: its steps, its change, its review, and words without hidden signs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The same signs as clinic.plain_text.HIDDEN, in PostgreSQL's own spelling; a test compares the two.
HIDDEN = (
    r"[\u0001-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
RISK_PARTS = ["name", "what_it_is", "how_often", "how_long", "what_helps", "when_to_call"]
PLAIN = {
    "the_words_of_a_risk_are_plain_text": (
        "consent_risk",
        ["key", *(f"{part}_{language}" for part in RISK_PARTS for language in ("en", "ar"))],
    ),
    "the_words_of_a_list_are_plain_text": (
        "consent_risklist",
        ["statement_en", "statement_ar", "state", "change", "change_note", "reviewer_licence"],
    ),
    "a_remark_is_plain_text": ("consent_remark", ["words"]),
}


def plain_text(name, table, columns):
    """PostgreSQL's own word for it: Unicode's form C, and no sign that nobody can see."""
    checks = " AND ".join(f"{column} IS NFC NORMALIZED AND {column} !~ '{HIDDEN}'" for column in columns)
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({checks});"


STEPS = """
CREATE FUNCTION refuse_a_step_that_no_list_takes() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a list begins as a draft, not as %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_list_takes_its_steps_in_order';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('published', 'retired') THEN
        RETURN NEW;  -- a_published_list_never_changes decides
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'in_review'),
        ('in_review', 'draft'),
        ('in_review', 'published'),
        ('published', 'retired')
    ) THEN
        RAISE EXCEPTION 'list % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_list_takes_its_steps_in_order';
    END IF;
    -- Whoever looks at a list in review looks at what will be published.
    IF OLD.state = 'in_review'
       AND (OLD.treatment_id, OLD.version, OLD.statement_en, OLD.statement_ar, OLD.change,
            OLD.change_note, OLD.written_by_id)
           IS DISTINCT FROM
           (NEW.treatment_id, NEW.version, NEW.statement_en, NEW.statement_ar, NEW.change,
            NEW.change_note, NEW.written_by_id)
    THEN
        RAISE EXCEPTION 'list % is in review and does not change', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'words_in_review_stay_as_they_are';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_list_takes_its_steps_in_order
    BEFORE INSERT OR UPDATE ON consent_risklist
    FOR EACH ROW EXECUTE FUNCTION refuse_a_step_that_no_list_takes();
ALTER TABLE consent_risklist ENABLE ALWAYS TRIGGER a_list_takes_its_steps_in_order;

CREATE FUNCTION refuse_to_change_words_in_review() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    list bigint;
BEGIN
    FOREACH list IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.risk_list_id]
        WHEN 'DELETE' THEN ARRAY[OLD.risk_list_id]
        ELSE ARRAY[OLD.risk_list_id, NEW.risk_list_id] END
    LOOP
        -- FOR SHARE: who sends the list to review just now comes first or after, never in between.
        PERFORM FROM public.consent_risklist WHERE id = list AND state = 'in_review' FOR SHARE;
        IF FOUND THEN
            RAISE EXCEPTION 'risk list % is in review and does not change', list
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'words_in_review_stay_as_they_are';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER words_in_review_stay_as_they_are
    BEFORE INSERT OR UPDATE OR DELETE ON consent_risk
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_words_in_review();
ALTER TABLE consent_risk ENABLE ALWAYS TRIGGER words_in_review_stay_as_they_are;
"""

REVIEWED = """
CREATE FUNCTION refuse_a_review_by_anybody_else() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.reviewed_by_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.clinic_dermatologist
        WHERE user_id = NEW.reviewed_by_id AND licence_number = NEW.reviewer_licence
    ) THEN
        RAISE EXCEPTION 'user % is no dermatologist with this licence', NEW.reviewed_by_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'wording_is_reviewed_by_a_dermatologist';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER wording_is_reviewed_by_a_dermatologist
    BEFORE INSERT OR UPDATE OF reviewed_by_id, reviewer_licence ON consent_risklist
    FOR EACH ROW EXECUTE FUNCTION refuse_a_review_by_anybody_else();
ALTER TABLE consent_risklist ENABLE ALWAYS TRIGGER wording_is_reviewed_by_a_dermatologist;
"""

CHANGED = """
CREATE FUNCTION refuse_a_change_that_is_another() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before bigint;
BEGIN
    IF NEW.state <> 'published' OR OLD.state = 'published' THEN RETURN NEW; END IF;
    SELECT id INTO before FROM public.consent_risklist
        WHERE treatment_id = NEW.treatment_id AND id <> NEW.id AND state IN ('published', 'retired')
        ORDER BY version DESC LIMIT 1;
    IF (before IS NULL) <> (NEW.change = 'first') THEN
        RAISE EXCEPTION 'list % is not what it says: %', NEW.id, NEW.change
            USING ERRCODE = 'check_violation', CONSTRAINT = 'the_first_version_says_that_it_is_the_first';
    END IF;
    IF NEW.change = 'editorial' AND EXISTS (
        SELECT FROM (SELECT key FROM public.consent_risk WHERE risk_list_id = NEW.id) here
        FULL JOIN (SELECT key FROM public.consent_risk WHERE risk_list_id = before) there
            ON there.key = here.key
        WHERE there.key IS NULL OR here.key IS NULL
    ) THEN
        RAISE EXCEPTION 'list % adds or removes a risk', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'to_add_or_remove_a_risk_is_material';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER the_change_is_what_it_says
    BEFORE UPDATE OF state ON consent_risklist
    FOR EACH ROW EXECUTE FUNCTION refuse_a_change_that_is_another();
ALTER TABLE consent_risklist ENABLE ALWAYS TRIGGER the_change_is_what_it_says;
"""

ENTERED = """
CREATE FUNCTION refuse_a_publication_that_is_not_entered() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state = 'published' AND NOT EXISTS (
        SELECT FROM public.consent_ledgerentry entry
        JOIN public.clinic_treatment treatment ON treatment.id = NEW.treatment_id
        WHERE entry.entry_hash = NEW.entry_id AND entry.kind = 'publication'
          AND convert_from(entry.content, 'UTF8')::jsonb @> jsonb_build_object(
              'treatment', treatment.slug, 'list_version', NEW.version, 'change', NEW.change,
              'reviewed_by', NEW.reviewer_licence, 'published_by', NEW.published_by_id,
              'statement', jsonb_build_object('en', NEW.statement_en, 'ar', NEW.statement_ar))
    ) THEN
        RAISE EXCEPTION 'list % is not what its entry says', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_publication_is_entered_as_it_is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_publication_is_entered_as_it_is
    BEFORE UPDATE OF state ON consent_risklist
    FOR EACH ROW EXECUTE FUNCTION refuse_a_publication_that_is_not_entered();
ALTER TABLE consent_risklist ENABLE ALWAYS TRIGGER a_publication_is_entered_as_it_is;
"""

# A record is sealed under the live wording or not at all, however close the publication of another is.
SEALED = """
CREATE FUNCTION refuse_a_record_of_retired_wording() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.consent_risklist list, public.consent_reading reading
        WHERE reading.id = NEW.reading_id AND list.id = reading.risk_list_id
          AND list.state = 'published'
        FOR SHARE OF list;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'reading % is not of the live wording', NEW.reading_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_record_seals_the_live_wording';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_record_seals_the_live_wording
    BEFORE INSERT ON consent_consentrecord
    FOR EACH ROW EXECUTE FUNCTION refuse_a_record_of_retired_wording();
ALTER TABLE consent_consentrecord ENABLE ALWAYS TRIGGER a_record_seals_the_live_wording;
"""

KEPT = """
CREATE TRIGGER refuse_update_or_delete_on_consent_remark
    BEFORE UPDATE OR DELETE ON consent_remark
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence();
ALTER TABLE consent_remark ENABLE ALWAYS TRIGGER refuse_update_or_delete_on_consent_remark;
""" + "".join(
    f"""
CREATE TRIGGER refuse_truncate_on_{table} BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_evidence();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_truncate_on_{table};
"""
    for table in ("consent_remark", "consent_risk", "consent_risklist")
)


def take_back(apps, schema_editor):
    """The application adds remarks and reads them; it changes none."""
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    if role != schema_editor.quote_name(settings.DATABASES["owner"]["USER"]):
        schema_editor.execute(f"REVOKE ALL ON consent_remark FROM {role}")
        schema_editor.execute(f"GRANT SELECT, INSERT ON consent_remark TO {role}")


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0005_ledger_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # What is in review has not said yet what changes: it is a draft again. (0004 refuses published ones.)
        migrations.RunSQL("UPDATE consent_risklist SET state = 'draft' WHERE state = 'in_review'"),
        migrations.CreateModel(
            name='Remark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.TextField(max_length=2000, verbose_name='remark')),
                ('written_at', models.DateTimeField(verbose_name='written at')),
            ],
            options={
                'verbose_name': 'remark',
                'verbose_name_plural': 'remarks',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='risklist',
            name='change',
            field=models.CharField(blank=True, choices=[('first', 'the first version'), ('material', 'a change of what is said: booked patients are asked again'), ('editorial', 'a change of how it is said: nobody is asked again')], editable=False, max_length=9, verbose_name='kind of change'),
        ),
        migrations.AddField(
            model_name='risklist',
            name='change_note',
            field=models.TextField(blank=True, editable=False, max_length=2000, verbose_name='why it changes'),
        ),
        migrations.AddField(
            model_name='risklist',
            name='reviewed_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='reviewed at'),
        ),
        migrations.AddField(
            model_name='risklist',
            name='reviewed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewed by'),
        ),
        migrations.AddField(
            model_name='risklist',
            name='reviewer_licence',
            field=models.CharField(blank=True, editable=False, max_length=40, verbose_name='licence number'),
        ),
        migrations.AddConstraint(
            model_name='risklist',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('change__in', ['first', 'material', 'editorial']), ('written_by__isnull', False), models.Q(('change_note', ''), _negated=True)), _connector='OR'), name='a_list_in_review_says_its_change_and_its_writer'),
        ),
        migrations.AddConstraint(
            model_name='risklist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['published', 'retired']), _negated=True), ('reviewed_by__isnull', False), _connector='OR'), name='a_published_list_was_reviewed'),
        ),
        migrations.AddConstraint(
            model_name='risklist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'draft'), _negated=True), ('reviewed_by', None), _connector='OR'), name='a_draft_is_not_reviewed'),
        ),
        migrations.AddConstraint(
            model_name='risklist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at', None), ('reviewed_by', None), ('reviewer_licence', '')), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False), models.Q(('reviewer_licence', ''), _negated=True)), _connector='OR'), name='a_reviewed_list_says_when_and_by_which_licence'),
        ),
        migrations.AddConstraint(
            model_name='risklist',
            constraint=models.CheckConstraint(condition=models.Q(('reviewed_by', None), models.Q(('reviewed_by', models.F('written_by')), _negated=True), _connector='OR'), name='nobody_reviews_their_own_words'),
        ),
        migrations.AddConstraint(
            model_name='risklist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('entry__isnull', False), ('state__in', ['published', 'retired'])), models.Q(models.Q(('state__in', ['published', 'retired']), _negated=True), ('entry', None)), _connector='OR'), name='a_published_list_has_its_entry_and_no_other_has_one'),
        ),
        migrations.AddField(
            model_name='remark',
            name='risk_list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remarks', to='consent.risklist', verbose_name='risk list'),
        ),
        migrations.AddField(
            model_name='remark',
            name='written_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by'),
        ),
        *(
            migrations.RunSQL(plain_text(name, table, columns))
            for name, (table, columns) in PLAIN.items()
        ),
        migrations.RunSQL(STEPS),
        migrations.RunSQL(REVIEWED),
        migrations.RunSQL(CHANGED),
        migrations.RunSQL(ENTERED),
        migrations.RunSQL(SEALED),
        migrations.RunSQL(KEPT),
        migrations.RunPython(take_back, migrations.RunPython.noop),
    ]
