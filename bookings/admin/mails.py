"""How an e-mail's facts are printed on the desk: where it stands, when, in which version, and why not."""

import datetime as dt
import re
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from bookings import owing
from bookings.admin.columns import badge, moment
from bookings.admin.people import NOTHING
from bookings.delivery import ADDRESS_REFUSED, NOT_WRITTEN
from bookings.models import Consultation, Kind, Message, MessageState
from bookings.reminders import RULES
from clinic.admin import comma
from clinic.i18n import active_language
from clinic.times import clock, date_in_words

# What tells the patient about the visit as it stands; codes and aftercare are other matters.
ABOUT_THE_VISIT = (Kind.CONFIRMED, Kind.MOVED, Kind.CANCELLED)
TELL_ITS_TIME = (
    *(Kind.CONFIRMED, Kind.MOVED),
    *(Kind.REMINDER_3_DAYS, Kind.REMINDER_1_DAY, Kind.REMINDER_1_HOUR),
)
ALSO_AFTER_A_CANCELLATION = {rule.kind for rule in RULES if rule.after_cancel}
MINUTE = dt.timedelta(minutes=1)
JUST_BEFORE = dt.timedelta(minutes=5)
SIGNS = {
    MessageState.OWED: ("…", "waiting"),
    MessageState.SENDING: ("…", "waiting"),
    MessageState.SENT: ("✓", "good"),
    MessageState.DROPPED: ("○", "quiet"),
    MessageState.BAD_ADDRESS: ("!", "bad"),
    MessageState.BOUNCED: ("!", "bad"),
    MessageState.UNKNOWN: ("?", "bad"),
    MessageState.GAVE_UP: ("!", "bad"),
}
WRONG = {
    MessageState.BAD_ADDRESS: gettext_lazy("There is no mailbox with this address."),
    MessageState.BOUNCED: gettext_lazy("It was taken, and came back later."),
    MessageState.UNKNOWN: gettext_lazy(
        "It was handed over, and no answer came: it may have arrived."
    ),
    MessageState.GAVE_UP: gettext_lazy("It could not be sent in time."),
}
TO_DO = {
    MessageState.BAD_ADDRESS: gettext_lazy("Phone the patient and ask for the right address."),
    MessageState.BOUNCED: gettext_lazy("Phone the patient and ask for an address that works."),
    MessageState.UNKNOWN: gettext_lazy("Phone the patient and ask if it came."),
    MessageState.GAVE_UP: gettext_lazy("Phone the patient and say what it would have said."),
}
TO_DO_FOR_STAFF = gettext_lazy("Tell this person in another way.")
TO_DO_UNWRITTEN = gettext_lazy("Ask who looks after this system to mend its words, then try again.")
# What a mail server's codes mean beyond yes and no: RFC 3463 section 3, RFC 4954 section 6.
ANSWERS = (
    (r"\b[45]\.1\.(1|2|3|6|10)\b", gettext_lazy("The mail server does not know this address.")),
    (r"\b[45]\.2\.2\b", gettext_lazy("The mailbox is full.")),
    (r"\b[45]\.2\.", gettext_lazy("The mailbox takes no e-mails.")),
    (
        r"\b[45]\.[34]\.",
        gettext_lazy("Something is broken at the mail server or on the way to it."),
    ),
    (r"\b[45]\.7\.", gettext_lazy("The mail server's rules do not let it in.")),
    (r"^53[045]", gettext_lazy("The mail server does not accept our user name and password.")),
)


def with_mail_state(consultations: QuerySet[Consultation]) -> QuerySet[Consultation]:
    """Each with the newest e-mail about its visit, as `mail_kind`, `mail_state` and `mail_phoned_at`."""
    newest = Message.objects.filter(consultation=OuterRef("pk"), kind__in=ABOUT_THE_VISIT).order_by(
        "-due_at", "-id"
    )
    return consultations.annotate(
        mail_kind=Subquery(newest.values("kind")[:1]),
        mail_state=Subquery(newest.values("state")[:1]),
        mail_phoned_at=Subquery(newest.values("phoned_at")[:1]),
    )


def mail(consultation: Consultation) -> str:
    """The newest e-mail about the visit, and whether it went out (see `with_mail_state`)."""
    kind = getattr(consultation, "mail_kind", None)
    if kind is None:
        if not consultation.email:
            return format_html('<span class="quiet">{}</span>', gettext("no e-mail"))
        return NOTHING
    state = MessageState(getattr(consultation, "mail_state", ""))
    sign, look = SIGNS[state]
    shown = badge(sign, f"{Kind(kind).label}: {state.label}", look)
    if getattr(consultation, "mail_phoned_at", None) is None:
        return shown
    return format_html("{} {}", shown, badge("✓", gettext("taken care of"), "good"))


def message_state(message: Message) -> str:
    """Where one e-mail stands, and what else is true of it."""
    sign, look = SIGNS[MessageState(message.state)]
    shown = [badge(sign, message.get_state_display(), look)]
    if message.phoned_at is not None:
        shown.append(badge("✓", gettext("taken care of"), "good"))
    if message.perhaps_twice:
        shown.append(badge("!", gettext("perhaps twice"), "waiting"))
    if may_have_left_before_the_end(message):
        shown.append(badge("!", gettext("may have left before you cancelled"), "waiting"))
    if _tells_an_earlier_time(message):
        shown.append(badge("○", gettext("about an earlier time"), "quiet"))
    return format_html_join(" ", "{}", ((one,) for one in shown))


def may_have_left_before_the_end(message: Message) -> bool:
    """Whether it was handed over just before its visit was cancelled.

    The mark before the hand-over and the cancellation wait for each other (delivery/claims.py), so a
    mark that bears a later time was set first too: the cancellation's time is when it was asked for.
    """
    if message.consultation is None or message.dot_at is None or not message.copies:
        return False
    end = message.consultation.cancelled_at
    if end is None or message.kind in ALSO_AFTER_A_CANCELLATION:
        return False
    return message.dot_at > end - JUST_BEFORE


def _tells_an_earlier_time(message: Message) -> bool:
    """Whether it left and the visit has been moved since."""
    return (
        message.consultation is not None
        and message.copies > 0
        and message.kind in TELL_ITS_TIME
        and message.revision < message.consultation.revision
    )


def times(message: Message) -> str:
    """When it was due, handed over and sent, or is tried next; each on a line of its own."""
    lines = [(gettext("due"), message.due_at)]
    if message.state == MessageState.OWED and message.next_try_at - message.due_at >= MINUTE:
        lines.append((gettext("next try"), message.next_try_at))
    if message.dot_at is not None and message.sent_at is None:
        lines.append((gettext("handed over"), message.dot_at))
    if message.sent_at is not None:
        lines.append((gettext("sent"), message.sent_at))
    if message.bounced_at is not None:
        lines.append((gettext("came back"), message.bounced_at))
    return format_html_join(
        " ", '<span class="line at">{}: {}</span>', ((word, short_moment(at)) for word, at in lines)
    )


def short_moment(at: dt.datetime) -> str:
    """A day and the clock, in the clinic's zone, which the header names."""
    zone = timezone.get_current_timezone()
    day = date_in_words(at.astimezone(zone).date(), active_language())
    return format_html('<bdi>{}</bdi>{}<bdi dir="ltr">{}</bdi>', day, comma(), clock(at, zone))


def version(message: Message) -> str:
    """The short hash of the words that were sent, the whole one where the mouse rests on it.

    Of aftercare it leads to the version of the plan (plans.py).
    """
    if not message.wording:
        return NOTHING
    shown = format_html(
        '<bdi dir="ltr" class="hash" title="{}">{}</bdi>', message.wording, message.wording[:8]
    )
    if message.kind != Kind.AFTERCARE:
        return shown
    address = reverse("admin:clinic_aftercareplan_words", args=[message.wording])
    return format_html('<a href="{}">{}</a>', address, shown)


def wrong(message: Message) -> str:
    """Why it was not sent, in a sentence, with the mail server's codes; of a sent one nothing."""
    words = gettext(message.trouble) if message.trouble else ""
    words = words or str(WRONG.get(MessageState(message.state), ""))
    if not message.answer:
        return words or NOTHING
    codes = format_html('<bdi dir="ltr" class="codes">{}</bdi>', message.answer)
    more = "" if message.trouble == ADDRESS_REFUSED else answer_in_words(message.answer)
    return format_html("{} {} ({})", words, more, codes)


def wrong_with_the_way(message: Message) -> str:
    """The same; where it needs somebody, with the way to the room where that is taken care of."""
    if message.consultation is None or not what_to_do(message):
        return wrong(message)
    address = reverse("admin:bookings_message_changelist")
    return format_html(
        '{} <a href="{}?q={}">{}</a>',
        *(wrong(message), address, message.consultation.reference),
        gettext("Take care of it"),
    )


def answer_in_words(answer: str) -> str:
    """What a mail server's codes mean, such as "552 5.2.2"; "" where they say no more than no."""
    for pattern, words in ANSWERS:
        if re.search(pattern, answer):
            return str(words)
    return ""


def what_to_do(message: Message) -> str:
    """What staff do about it; nothing where nobody has to do anything."""
    if not message.needs_staff:
        return ""
    if message.trouble == NOT_WRITTEN:
        return str(TO_DO_UNWRITTEN)
    return str(TO_DO_FOR_STAFF if message.is_to_staff else TO_DO[MessageState(message.state)])


def to_come(consultation: Consultation, *, now: dt.datetime) -> list[dict[str, Any]]:
    """The e-mails that a consultation will be owed if nothing changes, in order, and when."""
    return [
        {"when": moment(one.due_at), "kind": one.kind, "step": one.step}
        for one in owing.to_come(consultation, now=now)
    ]


HEADINGS: dict[Any, Any] = {
    mail: gettext_lazy("e-mail"),
    message_state: gettext_lazy("state"),
    times: gettext_lazy("when"),
    version: gettext_lazy("version"),
    wrong_with_the_way: gettext_lazy("why not"),
}
for _column, _heading in HEADINGS.items():
    _column.short_description = _heading
