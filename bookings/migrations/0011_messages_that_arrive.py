"""The mark before the last dot, what is known of the relay, a changed address, and tips that are stopped."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What was sent before the dot was marked was handed over once.
BACKWARDS = migrations.RunSQL.noop
SENT_BEFORE = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE bookings_message SET copies = 1, dot_at = sent_at WHERE state = 'sent';
INSERT INTO bookings_relay (id, refused_in_a_row, why, answer) VALUES (1, 0, '', '');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0010_erasing'),
        ('clinic', '0007_how_long_data_is_kept'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Relay',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('ticked_at', models.DateTimeField(null=True, verbose_name='asked what is owed')),
                ('accepted_at', models.DateTimeField(null=True, verbose_name='last took an e-mail')),
                ('refused_in_a_row', models.PositiveSmallIntegerField(default=0)),
                ('opened_at', models.DateTimeField(null=True, verbose_name='no e-mail is sent since')),
                ('why', models.CharField(blank=True, choices=[('no_answer', 'The mail server does not answer.'), ('login', 'The mail server does not accept our user name and password.'), ('refuses_us', 'The mail server refuses every e-mail of ours.')], max_length=10, verbose_name='why')),
                ('answer', models.CharField(blank=True, max_length=20, verbose_name='its answer')),
                ('probe_at', models.DateTimeField(null=True, verbose_name='next try')),
            ],
            options={
                'verbose_name': 'mail server',
                'verbose_name_plural': 'mail server',
            },
        ),
        migrations.RemoveConstraint(
            model_name='consultation',
            name='an_erased_consultation_names_nobody',
        ),
        migrations.RemoveConstraint(
            model_name='message',
            name='a_sent_message_says_when',
        ),
        migrations.AddField(
            model_name='consultation',
            name='email_changed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='consultation',
            name='former_email',
            field=models.EmailField(blank=True, editable=False, max_length=254, verbose_name='e-mail before that'),
        ),
        migrations.AddField(
            model_name='consultation',
            name='new_email',
            field=models.EmailField(blank=True, editable=False, max_length=254, verbose_name='new e-mail, not proven yet'),
        ),
        migrations.AddField(
            model_name='consultation',
            name='tips_stopped_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='tips stopped at'),
        ),
        migrations.AddField(
            model_name='message',
            name='answer',
            field=models.CharField(blank=True, max_length=20, verbose_name="the mail server's answer"),
        ),
        migrations.AddField(
            model_name='message',
            name='body',
            field=models.TextField(blank=True, verbose_name='text'),
        ),
        migrations.AddField(
            model_name='message',
            name='bounced_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='came back at'),
        ),
        migrations.AddField(
            model_name='message',
            name='copies',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='copies'),
        ),
        migrations.AddField(
            model_name='message',
            name='dot_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='handed over at'),
        ),
        migrations.AddField(
            model_name='message',
            name='phase',
            field=models.CharField(blank=True, choices=[('dot', 'about to send the last dot')], editable=False, max_length=3),
        ),
        migrations.AddField(
            model_name='message',
            name='phoned_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='taken care of at'),
        ),
        migrations.AddField(
            model_name='message',
            name='phoned_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='taken care of by'),
        ),
        migrations.AddField(
            model_name='message',
            name='refused_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='subject',
            field=models.CharField(blank=True, max_length=200, verbose_name='subject'),
        ),
        migrations.AddField(
            model_name='message',
            name='wording',
            field=models.CharField(blank=True, max_length=64, verbose_name='version of the words'),
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('code', 'code'), ('offered', 'time offered'), ('request_received', 'request received'), ('finish', 'finish your booking'), ('link', 'new link'), ('new_address', 'prove the new address'), ('address_changed', 'address changed'), ('confirmed', 'confirmed'), ('reminder_3_days', 'reminder, 3 days before'), ('reminder_1_day', 'reminder, 1 day before'), ('reminder_1_hour', 'reminder, 1 hour before'), ('moved', 'moved'), ('cancelled', 'cancelled'), ('hold_ran_out', 'hold ran out'), ('ask_again', 'acknowledge again'), ('aftercare', 'aftercare'), ('anchor', "ledger's head of the day"), ('looked', 'a record was opened out of turn'), ('bounce', 'an e-mail came back')], max_length=20, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='message',
            name='state',
            field=models.CharField(choices=[('owed', 'owed'), ('sending', 'sending'), ('sent', 'sent'), ('dropped', 'no longer owed'), ('bad_address', 'no such mailbox'), ('bounced', 'came back'), ('unknown', 'may have arrived, nobody knows'), ('gave_up', 'could not be sent')], default='owed', max_length=12, verbose_name='state'),
        ),
        migrations.RunSQL(SENT_BEFORE, BACKWARDS),
        migrations.AddIndex(
            model_name='consultation',
            index=models.Index(condition=models.Q(('new_email', ''), _negated=True), fields=['code_issued_at'], name='consultation_new_address'),
        ),
        migrations.AddIndex(
            model_name='consultation',
            index=models.Index(condition=models.Q(('asks_again_since__isnull', False), ('status', 'confirmed')), fields=['asks_again_since'], name='consultation_asks_again'),
        ),
        migrations.AddIndex(
            model_name='consultation',
            index=models.Index(condition=models.Q(('email_changed_at__isnull', False)), fields=['email_changed_at'], name='consultation_address'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('phoned_at', None), ('state__in', ['bad_address', 'bounced', 'unknown', 'gave_up'])), fields=['due_at'], name='message_needs_staff'),
        ),
        migrations.AddConstraint(
            model_name='consultation',
            constraint=models.CheckConstraint(condition=models.Q(('former_email', ''), ('email_changed_at__isnull', False), _connector='OR'), name='a_changed_address_says_when'),
        ),
        migrations.AddConstraint(
            model_name='consultation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('birth_date__isnull', False), ('erased_at', None)), models.Q(('birth_date', None), ('erased_at__isnull', False), ('ip', None), ('email', ''), ('guardian_name', ''), ('mobile', ''), ('patient_name', ''), ('former_email', ''), ('new_email', ''), ('cancel_reason', ''), ('move_reason', ''), ('own_video_room', ''), ('proven_note__in', ['', '(erased)'])), _connector='OR'), name='an_erased_consultation_names_nobody'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), ('state', 'bounced'), models.Q(models.Q(('state__in', ['sent', 'bounced']), _negated=True), ('sent_at', None)), _connector='OR'), name='a_sent_message_says_when'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('phase', ''), models.Q(('copies__gt', 0), ('phase', 'dot'), ('state', 'sending')), _connector='OR'), name='the_dot_is_marked_only_while_it_is_sent'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('copies__lte', 2)), name='there_are_never_more_than_two_copies'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sent', 'unknown']), _negated=True), models.Q(('copies__gt', 0), ('dot_at__isnull', False)), _connector='OR'), name='what_was_sent_was_handed_over'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('consultation', None), ('kind__in', ['anchor', 'looked', 'bounce']), models.Q(('body', ''), _negated=True)), models.Q(('body', ''), ('consultation__isnull', False), ('subject', ''), models.Q(('kind__in', ['anchor', 'looked', 'bounce']), _negated=True)), _connector='OR'), name='a_message_to_staff_brings_its_words'),
        ),
        migrations.AddConstraint(
            model_name='relay',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='there_is_one_relay'),
        ),
        migrations.AddConstraint(
            model_name='relay',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('opened_at', None), ('probe_at', None), ('why', '')), models.Q(('opened_at__isnull', False), ('probe_at__isnull', False), models.Q(('why', ''), _negated=True)), _connector='OR'), name='a_relay_that_is_left_alone_says_why_and_until_when'),
        ),
    ]
