"""A verification is signed, so that nobody else can call the ledger sound; and its times are times."""

from django.db import migrations, models

# What PostgreSQL can store and Python cannot hold would end every page that shows it.
TIMES = """
ALTER TABLE consent_verification ADD CONSTRAINT a_run_began_and_ended CHECK (
    isfinite(started_at) AND isfinite(finished_at));
ALTER TABLE consent_anchorplace ADD CONSTRAINT the_times_of_an_anchor_are_times CHECK (
    coalesce(isfinite(anchored_at), true) AND coalesce(isfinite(failing_since), true)
    AND coalesce(isfinite(next_try_at), true));
"""
BACK = """
ALTER TABLE consent_verification DROP CONSTRAINT a_run_began_and_ended;
ALTER TABLE consent_anchorplace DROP CONSTRAINT the_times_of_an_anchor_are_times;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_short_names_holds_and_times")]
    operations = [
        migrations.AddField(
            model_name="verification",
            name="content",
            field=models.BinaryField(null=True, verbose_name="canonical bytes"),
        ),
        migrations.AddField(
            model_name="verification",
            name="key_id",
            field=models.CharField(blank=True, default="", max_length=64, verbose_name="key"),
        ),
        migrations.AddField(
            model_name="verification",
            name="signature",
            field=models.BinaryField(max_length=64, null=True, verbose_name="signature"),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.UniqueConstraint(
                fields=("content",), name="a_run_is_written_down_once"
            ),
        ),
        migrations.RunSQL(TIMES, BACK),
    ]
