"""A scene for every kind of e-mail, with a hostile name in it, and how to read what arrives."""

import datetime as dt
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from icalendar import Calendar

import bookings.actions
import consent.actions
from bookings import emails, links, owing
from bookings.models import Consultation, Kind, Message, MessageState
from clinic import times
from clinic.models import Clinic
from consent.actions import growing
from consent.actions.anchoring import anchor_mail
from consent.models import TreeHead
from tests import make

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY
# Everything that a name can bring along: markup, another direction, template and format characters.
HOSTILE = "Layla <b>&\"'\u202e gnp.\u2066{{ clinic }} {% now %} %(day)s \u0644\u064a\u0644\u0649"
NEW_ADDRESS = "another@example.org"
ISOLATES = f"{times.LRI}{times.FSI}{times.PDI}\u2067"


def hostile(**fields) -> dict:
    return {"patient_name": HOSTILE, "guardian_name": HOSTILE, "zone": "Europe/London"} | fields


def of_kind(kind: str, **fields) -> tuple[Message, dt.datetime]:
    """A message of that kind as the present state owes it, and the moment at which it does."""
    consultation, now = SCENES[kind](hostile(**fields))
    noted = [row for row in owing.owed(now=now) if row.kind == kind]
    noted[-1].save()
    return noted[-1], now


def _held(fields) -> tuple[Consultation, dt.datetime]:
    return make.held(**fields), make.NOW


def _waiting(fields) -> tuple[Consultation, dt.datetime]:
    row = make.waiting(**fields)
    code = links.code(row)
    return bookings.actions.prove_by_code(consultation=row, code=code, now=make.NOW), make.NOW


def _offered(fields) -> tuple[Consultation, dt.datetime]:
    row, _now = _waiting(fields | {"zone": "Asia/Dubai"})
    make.dermatologist()
    assert bookings.actions.offer_times(now=make.NOW) == 1
    Consultation.objects.filter(pk=row.pk).update(zone=fields["zone"])
    row.refresh_from_db()
    return row, make.NOW


def _by_phone(fields) -> tuple[Consultation, dt.datetime]:
    return make.held(entered_by=make.staff(), **fields), make.NOW


def _new_link(fields) -> tuple[Consultation, dt.datetime]:
    row = make.confirmed(starts_at=NEXT_WEEK, **fields)
    return bookings.actions.send_link(consultation=row, now=make.NOW + HOUR), make.NOW + HOUR


def _confirmed(fields) -> tuple[Consultation, dt.datetime]:
    return make.confirmed(starts_at=NEXT_WEEK, **fields), make.NOW


def _three_days_before(fields) -> tuple[Consultation, dt.datetime]:
    return make.confirmed(starts_at=NEXT_WEEK, **fields), NEXT_WEEK - 3 * DAY


def _one_day_before(fields) -> tuple[Consultation, dt.datetime]:
    return make.confirmed(starts_at=NEXT_WEEK, **fields), NEXT_WEEK - DAY


def _moved(fields) -> tuple[Consultation, dt.datetime]:
    row = make.confirmed(starts_at=NEXT_WEEK, **fields)
    to = NEXT_WEEK + DAY
    doctor = row.dermatologist
    row = bookings.actions.move(
        consultation=row, dermatologist=doctor, starts_at=to, now=make.NOW + HOUR
    )
    return row, make.NOW + HOUR


def _one_hour_before(fields) -> tuple[Consultation, dt.datetime]:
    return make.confirmed(starts_at=NEXT_WEEK, **fields), NEXT_WEEK - HOUR


def _asked_again(fields) -> tuple[Consultation, dt.datetime]:
    row = make.confirmed(starts_at=NEXT_WEEK, **fields)
    return bookings.actions.ask_again(consultation=row, now=make.NOW + HOUR), make.NOW + HOUR


def _another_address(fields) -> tuple[Consultation, dt.datetime]:
    row = make.confirmed(starts_at=NEXT_WEEK, **fields)
    at = make.NOW + HOUR
    asked = bookings.actions.ask_for_new_address(consultation=row, email=NEW_ADDRESS, now=at)
    return asked, at


def _address_changed(fields) -> tuple[Consultation, dt.datetime]:
    row, at = _another_address(fields)
    code = links.code(row, links.Purpose.NEW_CODE)
    return bookings.actions.prove_new_address_by_code(consultation=row, code=code, now=at), at


def _cancelled(fields) -> tuple[Consultation, dt.datetime]:
    row = make.confirmed(starts_at=NEXT_WEEK, **fields)
    at = make.NOW + HOUR
    return bookings.actions.cancel(consultation=row, now=at, by_patient=True), at


def _hold_ran_out(fields) -> tuple[Consultation, dt.datetime]:
    return make.proven(**fields), make.NOW + 2 * HOUR


def _aftercare(fields) -> tuple[Consultation, dt.datetime]:
    make.aftercare_steps(make.treatment())
    row = make.completed(**fields)
    at = row.starts_at + HOUR
    bookings.actions.record_session(
        consultation=row, took_place_at=at, now=at, recorded_by=make.staff()
    )
    return row, at


SCENES = {
    Kind.CODE: _held,
    Kind.REQUEST_RECEIVED: _waiting,
    Kind.OFFERED: _offered,
    Kind.FINISH: _by_phone,
    Kind.LINK: _new_link,
    Kind.NEW_ADDRESS: _another_address,
    Kind.ADDRESS_CHANGED: _address_changed,
    Kind.CONFIRMED: _confirmed,
    Kind.REMINDER_3_DAYS: _three_days_before,
    Kind.REMINDER_1_DAY: _one_day_before,
    Kind.REMINDER_1_HOUR: _one_hour_before,
    Kind.MOVED: _moved,
    Kind.CANCELLED: _cancelled,
    Kind.HOLD_RAN_OUT: _hold_ran_out,
    Kind.ASK_AGAIN: _asked_again,
    Kind.AFTERCARE: _aftercare,
}


def read(message: Message, now: dt.datetime, *, clinic: Clinic | None = None) -> EmailMessage:
    """The e-mail as it arrives: serialised and parsed again."""
    sent = emails.compose(message, now=now, clinic=clinic).message().as_bytes(linesep="\r\n")
    arrived = message_from_bytes(sent, policy=policy.default)
    assert isinstance(arrived, EmailMessage)
    return arrived


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def plain(text: str) -> str:
    """Without the isolates, for reading."""
    return text.translate(dict.fromkeys(map(ord, ISOLATES)))


class Tags(HTMLParser):
    """The elements of an e-mail, whether they are closed in order, and its addresses."""

    EMPTY = {"meta", "br", "img"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self.root: dict[str, str | None] = {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag == "html":
            self.root = dict(attrs)
        found = [str(value) for name, value in attrs if name in ("href", "src")]
        # What the e-mail itself brings (RFC 2392) is no address.
        self.links += [value for value in found if not value.startswith("cid:")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def calendar_of(mail: EmailMessage) -> tuple[EmailMessage, Calendar]:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert isinstance(part, EmailMessage)
    return part, Calendar.from_ical(part.get_payload(decode=True))


def first_line(mail: EmailMessage) -> str:
    return plain(body(mail, "plain")).splitlines()[0]


# --- To staff --------------------------------------------------------------------------------------


def _head_of_the_day() -> None:
    growing.grow(now=make.NOW)
    anchor_mail.hand_over(TreeHead.objects.latest("size"), about="1 0", now=make.NOW)


def _looked_out_of_turn() -> None:
    by = make.staff("another")
    record = make.confirmed(**hostile()).consent_records.get()
    consent.actions.look(record=record, by=by, how="printed", now=make.NOW)


def _came_back() -> None:
    make.confirmed(**hostile())
    owing.note_owed(now=make.NOW)
    Message.objects.update(state=MessageState.SENT, sent_at=make.NOW, dot_at=make.NOW, copies=1)
    sent = Message.objects.get()
    bookings.actions.note_bounce(message=sent.pk, status="5.1.1", now=make.NOW - HOUR)
    bookings.actions.tell_of_returned(now=make.NOW)


STAFF_SCENES = {
    Kind.ANCHOR: _head_of_the_day,
    Kind.LOOKED: _looked_out_of_turn,
    Kind.BOUNCE: _came_back,
}


def of_staff(kind: str) -> tuple[Message, dt.datetime]:
    """A message to staff of that kind, and the moment at which it is due; needs ANCHOR_MAIL_TO."""
    STAFF_SCENES[Kind(kind)]()
    return Message.objects.filter(kind=kind).latest("pk"), make.NOW
