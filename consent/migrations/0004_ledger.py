"""The ledger, and every column that refers to it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.core.management.base import CommandError
from django.db import migrations, models

BEFORE = (
    "This database holds evidence from before there was a ledger (0.1.0, unreleased). Nobody can sign it after "
    "the fact, and nothing here deletes evidence. Begin with a new database: for the demo, stop it and delete "
    "the folder .local; otherwise create a new database and set DATABASE_URL and DATABASE_OWNER_URL to it."
)


def refuse_evidence_from_before(apps, schema_editor):
    alias = schema_editor.connection.alias
    readings = apps.get_model("consent", "Reading").objects.using(alias)
    lists = apps.get_model("consent", "RiskList").objects.using(alias)
    if readings.exists() or lists.filter(state__in=["published", "retired"]).exists():
        raise CommandError(BEFORE)


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0009_receipt_can_be_checked'),
        ('consent', '0003_groups'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(refuse_evidence_from_before, migrations.RunPython.noop),
        migrations.CreateModel(
            name='AnchorPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(choices=[('file', 'file'), ('mail', 'e-mail'), ('tsa', 'time-stamping authority')], max_length=4, unique=True, verbose_name='place')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='entries')),
                ('anchored_at', models.DateTimeField(null=True, verbose_name='anchored at')),
                ('tries', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('failing_since', models.DateTimeField(null=True, verbose_name='failing since')),
                ('next_try_at', models.DateTimeField(null=True, verbose_name='next try at')),
                ('trouble', models.CharField(blank=True, max_length=300, verbose_name='trouble')),
            ],
            options={
                'verbose_name': 'anchor',
                'verbose_name_plural': 'anchors',
                'ordering': ['place'],
            },
        ),
        migrations.CreateModel(
            name='TreeHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('size', models.PositiveBigIntegerField(unique=True, verbose_name='entries')),
                ('root', models.BinaryField(max_length=32, verbose_name='root')),
                ('content', models.BinaryField(verbose_name='canonical bytes')),
                ('key_id', models.CharField(max_length=64, verbose_name='key')),
                ('signature', models.BinaryField(max_length=64, verbose_name='signature')),
                ('signed_at', models.DateTimeField(verbose_name='signed at')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
            ],
            options={
                'verbose_name': 'tree head',
                'verbose_name_plural': 'tree heads',
                'ordering': ['-size'],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('finished_at', models.DateTimeField(verbose_name='finished at')),
                ('from_size', models.PositiveBigIntegerField(default=0, verbose_name='from entry')),
                ('size', models.PositiveBigIntegerField(verbose_name='entries')),
                ('root', models.CharField(blank=True, max_length=64, verbose_name='root')),
                ('outcome', models.CharField(choices=[('sound', 'sound'), ('late', 'sound, but something is late'), ('tampered', 'tampered with')], max_length=8, verbose_name='outcome')),
                ('findings', models.JSONField(default=list, verbose_name='findings')),
                ('counts', models.JSONField(default=dict, verbose_name='counts')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
            ],
            options={
                'verbose_name': 'verification',
                'verbose_name_plural': 'verifications',
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveField(
            model_name='consentrecord',
            name='content',
        ),
        migrations.RemoveField(
            model_name='consentrecord',
            name='record_hash',
        ),
        migrations.RemoveField(
            model_name='review',
            name='note',
        ),
        migrations.AddField(
            model_name='acknowledgement',
            name='salt',
            field=models.BinaryField(default=b'', max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='reading',
            name='absent',
            field=models.JSONField(default=dict, verbose_name='why a value is missing'),
        ),
        migrations.AddField(
            model_name='reading',
            name='read_by',
            field=models.CharField(choices=[('self', 'the patient'), ('guardian', 'the guardian of a patient under 18'), ('interpreter', 'read out by an interpreter')], default='self', max_length=11, verbose_name='read by'),
        ),
        migrations.AddField(
            model_name='review',
            name='licence_number',
            field=models.CharField(default=0, max_length=40, verbose_name='licence number'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='review',
            name='note_commitment',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name='review',
            name='decision',
            field=models.CharField(choices=[('discussed', 'discussed with the patient'), ('needs_talk', 'to be talked about at the visit'), ('countersigned', 'countersigned')], max_length=13, verbose_name='decision'),
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('record', 'consent record'), ('review', 'review'), ('withdrawal', 'withdrawal'), ('declined', 'declined'), ('publication', 'publication'), ('erasure', 'erasure'), ('rotation', 'change of the key')], max_length=11, verbose_name='kind')),
                ('content', models.BinaryField(verbose_name='canonical bytes')),
                ('entry_hash', models.CharField(max_length=64, unique=True, verbose_name='hash')),
                ('key_id', models.CharField(max_length=64, verbose_name='key')),
                ('signature', models.BinaryField(max_length=64, verbose_name='signature')),
                ('cosignature', models.BinaryField(max_length=64, null=True)),
                ('written_at', models.DateTimeField(verbose_name='written at')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
                ('consultation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='bookings.consultation', verbose_name='consultation')),
            ],
            options={
                'verbose_name': 'ledger entry',
                'verbose_name_plural': 'ledger entries',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='entry',
            field=models.OneToOneField(db_column='record_hash', default='', on_delete=django.db.models.deletion.PROTECT, related_name='record', to='consent.ledgerentry', to_field='entry_hash', verbose_name='hash of the record'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='review',
            name='entry',
            field=models.OneToOneField(default=0, on_delete=django.db.models.deletion.PROTECT, related_name='review', to='consent.ledgerentry', verbose_name='ledger entry'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='risklist',
            name='entry',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='risk_list', to='consent.ledgerentry', to_field='entry_hash', verbose_name='ledger entry'),
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('placed_at', models.DateTimeField(verbose_name='placed at')),
                ('lifted_at', models.DateTimeField(null=True, verbose_name='lifted at')),
                ('lift_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for lifting it')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legal_holds', to='bookings.consultation', verbose_name='consultation')),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lifted by')),
                ('placed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='placed by')),
            ],
            options={
                'verbose_name': 'legal hold',
                'verbose_name_plural': 'legal holds',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='PatientAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('wants_to_talk', 'wants to talk first'), ('declined', 'does not want to go on'), ('withdrawn', 'withdrew the acknowledgement')], max_length=13, verbose_name='what')),
                ('language', models.CharField(choices=[('en', 'English'), ('ar', 'Arabic')], max_length=2, verbose_name='language')),
                ('statement', models.CharField(max_length=300, verbose_name='statement')),
                ('note_commitment', models.CharField(blank=True, max_length=64)),
                ('acted_at', models.DateTimeField(verbose_name='acted at')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='patient_acts', to='bookings.consultation', verbose_name='consultation')),
                ('entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='patient_act', to='consent.ledgerentry', verbose_name='ledger entry')),
                ('reading', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='consent.reading', verbose_name='reading')),
                ('record', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='consent.consentrecord', verbose_name='consent record')),
                ('risk', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='consent.risk', verbose_name='risk')),
            ],
            options={
                'verbose_name': 'act of a patient',
                'verbose_name_plural': 'acts of patients',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RecordAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('how', models.CharField(choices=[('read', 'read'), ('printed', 'printed'), ('exported', 'exported')], max_length=8, verbose_name='how')),
                ('accessed_at', models.DateTimeField(verbose_name='when')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='consent.consentrecord', verbose_name='consent record')),
            ],
            options={
                'verbose_name': 'look at a record',
                'verbose_name_plural': 'looks at records',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='TreeNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField(verbose_name='level')),
                ('index', models.PositiveBigIntegerField(verbose_name='index')),
                ('hash', models.BinaryField(max_length=32, verbose_name='hash')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='recorded at')),
                ('entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leaf', to='consent.ledgerentry', verbose_name='entry')),
            ],
            options={
                'verbose_name': 'tree node',
                'verbose_name_plural': 'tree nodes',
            },
        ),
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('answer', models.CharField(choices=[('open', 'not answered yet'), ('granted', 'erased'), ('refused', 'refused')], default='open', max_length=8, verbose_name='answer')),
                ('why', models.CharField(blank=True, max_length=500, verbose_name='why')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='answered at')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasure_requests', to='bookings.consultation', verbose_name='consultation')),
                ('taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='taken by')),
            ],
            options={
                'verbose_name': 'erasure request',
                'verbose_name_plural': 'erasure requests',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('answer', 'open')), fields=('consultation',), name='one_open_erasure_request_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('answer', 'open'), ('answered_at', None), ('answered_by', None)), models.Q(models.Q(('answer', 'open'), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='an_answered_erasure_request_says_when_and_by_whom'), models.CheckConstraint(condition=models.Q(models.Q(('answer', 'refused'), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='a_refused_erasure_request_says_why')],
            },
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(condition=models.Q(('kind', 'erasure')), fields=['consultation'], name='entry_of_an_erasure'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('consultation', None), ('kind__in', ['publication', 'rotation'])), models.Q(models.Q(('kind__in', ['publication', 'rotation']), _negated=True), ('consultation__isnull', False)), _connector='OR'), name='an_entry_names_a_consultation_unless_it_is_of_none'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cosignature__isnull', False), ('kind', 'rotation')), models.Q(models.Q(('kind', 'rotation'), _negated=True), ('cosignature', None)), _connector='OR'), name='only_a_change_of_the_key_is_signed_twice'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('consultation',), name='one_legal_hold_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lift_reason', ''), ('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lift_reason', ''), _negated=True)), _connector='OR'), name='who_lifts_a_hold_says_why'),
        ),
        migrations.AddConstraint(
            model_name='patientact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('entry', None), ('kind', 'wants_to_talk'), ('reading__isnull', False), ('risk__isnull', False)), models.Q(('entry__isnull', False), ('kind', 'declined'), ('record', None)), models.Q(('entry__isnull', False), ('kind', 'withdrawn'), ('record__isnull', False)), _connector='OR'), name='an_act_is_about_what_it_is_about'),
        ),
        migrations.AddConstraint(
            model_name='patientact',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'withdrawn')), fields=('record',), name='a_record_is_withdrawn_once'),
        ),
        migrations.AddConstraint(
            model_name='treenode',
            constraint=models.UniqueConstraint(fields=('level', 'index'), name='one_tree_and_no_fork'),
        ),
        migrations.AddConstraint(
            model_name='treenode',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('entry__isnull', False), ('level', 0)), models.Q(('entry', None), ('level__gt', 0)), _connector='OR'), name='a_leaf_is_an_entry'),
        ),
    ]
