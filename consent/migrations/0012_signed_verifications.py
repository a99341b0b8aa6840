"""A verification is signed, so that nobody else can call the ledger sound."""

from django.db import migrations, models


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
    ]
