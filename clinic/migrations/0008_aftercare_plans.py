"""The steps of aftercare that there are become published plans, one for each treatment."""

import datetime as dt
import re
import unicodedata
import zoneinfo

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PARTS = ["subject", "title", "body", "red_flags", "emergency"]
TEXTS = [f"{part}_{language}" for part in PARTS for language in ("en", "ar")]
# Signs that nobody can see, as clinic.plain_text has them; 0009 refuses them.
HIDDEN = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def plain(text):
    """One spelling, one sign for a new line, and nothing that nobody can see."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return HIDDEN.sub("", text)


def take_over(apps, schema_editor):
    """A treatment's steps are its first plan: approved by whoever approved last, on that day.

    The plan has the highest number that one of its steps had, so that no number comes twice. Nobody
    knows who wrote it; what each step said of its approval is kept in the plan's note.
    """
    alias = schema_editor.connection.alias
    plans, steps, clinics = (
        apps.get_model("clinic", name).objects.using(alias)
        for name in ("AftercarePlan", "AftercareStep", "Clinic")
    )
    clinic = clinics.first()
    zone = zoneinfo.ZoneInfo(clinic.zone) if clinic else dt.UTC
    for treatment in steps.order_by("treatment").values_list("treatment", flat=True).distinct():
        taken = list(
            steps.filter(treatment=treatment).order_by("hours_after", "position").select_related("approved_by")
        )
        last = max(taken, key=lambda step: step.approved_on)
        at = dt.datetime.combine(last.approved_on, dt.time(12), tzinfo=zone)
        note = "Taken over from the steps as they stood: " + "; ".join(
            f"{step.key}, version {step.version}, approved by {step.approved_by.name_en}"
            f" on {step.approved_on}"
            for step in taken
        )
        plan = plans.create(
            treatment_id=treatment,
            version=max(step.version for step in taken),
            state="published",
            change_note=plain(note)[:2000],
            reviewed_by_id=last.approved_by_id,
            reviewed_at=at,
            published_at=at,
        )
        for step in taken:
            step.plan = plan
            for text in TEXTS:
                setattr(step, text, plain(getattr(step, text)))
            step.save(update_fields=["plan", *TEXTS])


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0007_how_long_data_is_kept'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AftercarePlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('in_review', 'in review'), ('published', 'published'), ('retired', 'retired')], default='draft', editable=False, max_length=9, verbose_name='state')),
                ('change_note', models.TextField(blank=True, editable=False, max_length=2000, verbose_name='why it changes')),
                ('remark', models.TextField(blank=True, editable=False, max_length=2000, verbose_name='remark')),
                ('reviewed_at', models.DateTimeField(editable=False, null=True, verbose_name='reviewed at')),
                ('published_at', models.DateTimeField(editable=False, null=True, verbose_name='published at')),
                ('published_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by')),
                ('reviewed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinic.dermatologist', verbose_name='reviewed by')),
                ('treatment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='aftercare_plans', to='clinic.treatment', verbose_name='treatment')),
                ('written_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
            ],
            options={
                'verbose_name': 'aftercare plan',
                'verbose_name_plural': 'aftercare',
                'ordering': ['treatment', '-version'],
                'permissions': [('publish_aftercareplan', 'Can review or publish aftercare plan')],
                'constraints': [
                    models.UniqueConstraint(fields=('treatment', 'version'), name='a_plan_has_one_version_of_each_number'),
                    models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('treatment',), name='one_live_aftercare_plan_per_treatment'),
                    models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('change_note', ''), _negated=True), _connector='OR'), name='a_plan_in_review_says_why_it_changes'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'draft'), _negated=True), ('reviewed_by', None), _connector='OR'), name='a_draft_plan_is_not_reviewed'),
                    models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at', None), ('reviewed_by', None)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='a_reviewed_plan_says_when'),
                    models.CheckConstraint(condition=models.Q(models.Q(('published_at', None), ('published_by', None), ('state__in', ['draft', 'in_review'])), models.Q(('published_at__isnull', False), ('reviewed_by__isnull', False), ('state__in', ['published', 'retired'])), _connector='OR'), name='a_published_plan_was_reviewed_and_says_when'),
                    models.CheckConstraint(condition=models.Q(('published_by', None), models.Q(('published_by', models.F('written_by')), _negated=True), _connector='OR'), name='a_plan_is_published_by_a_second_person'),
                ],
            },
        ),
        migrations.AddField(
            model_name='aftercarestep',
            name='plan',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='clinic.aftercareplan', verbose_name='aftercare plan'),
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
