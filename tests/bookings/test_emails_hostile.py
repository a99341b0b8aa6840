"""Every e-mail with hostile words in everything that is typed: it stays whole, one e-mail, in order."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import emails
from bookings.emails.pens import one_line
from bookings.emails.samples import Sample, samples
from bookings.models import Kind
from clinic import times
from clinic.models import AftercarePlan, AftercareStep, Clinic, Concern, Dermatologist, Treatment
from tests import make
from tests.bookings.mails import ISOLATES, Tags, body, plain, read

# One question of a moved visit asks the database what was sent before.
pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
LANGUAGES = ("en", "ar")
# Marks of direction that stay open, the isolates' ends, a mark of each kind, and no width.
BIDI = (
    "\u202eabc\u202a\u202b\u202d\u2066\u2067\u2068\u2069\u2069\u2069\u200e\u200f\u061c\u200b\ufeff"
)
HOSTILE = {
    "markup": '<b>x</b><img src="https://evil.example/x.png"><a href="//evil.example">&amp;</a></td>',
    "quotes": '"\'`\\" onload="x" \'or\' {{ clinic }} {% now %} %(day)s %s {0} ${x} <!--',
    "newlines": "one\r\nBcc: evil@example.com\nX-Evil: 1\r\r\n\r\n\x0b\x0c\u2028\u2029\x85two",
    "bidi": f"Layla {BIDI} ليلى 12:30 {BIDI}",
    "long word": "W" * 1000,
    "long": "ليلى Layla 1-2-3, " * 60,
    "nothing": " \u200b\u2028 ",
    "controls": "".join(chr(number) for number in (*range(1, 32), *range(127, 160))) + "\ufffe",
    "digits": "١٢٣ 456 +971 50",
}
CANARY = "Kanarienvogel"  # in every word about health
HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("Auto-Submitted", "Content-Language"),
}
MAY_COME = {"X-Auto-Response-Suppress", "Precedence", "List-Unsubscribe", "List-Unsubscribe-Post"}
ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "p",
        "h1",
        "table",
        "tbody",
        "tr",
        "th",
    ),
    *("td", "a", "bdi", "br", "time", "img", "ol", "ul", "li", "strong"),
}
ATTRIBUTES = {
    *("lang", "dir", "charset", "name", "content", "class", "role", "scope", "href", "src", "alt"),
    *("datetime", "start"),
}


def fit(model: type, column: str, words: str) -> str:
    """As much of it as the column holds."""
    return words[: model._meta.get_field(column).max_length or 1000]


def pair(model: type, column: str, words: str) -> dict[str, str]:
    return {f"{column}_{code}": fit(model, f"{column}_{code}", words) for code in LANGUAGES}


def hostile_clinic(words: str) -> Clinic:
    named = pair(Clinic, "name", words) | pair(Clinic, "address", words)
    return Clinic(id=1, phone="+97145550100", email="clinic@example.com", **named)


def hostile_step(words: str) -> AftercareStep:
    """A step whose every text is hostile; the subject says nothing about health, as the clinic's do."""
    texts: dict[str, str] = {}
    for column in ("subject", "title", "body", "red_flags", "emergency"):
        texts |= pair(AftercareStep, column, words)
    texts |= {
        f"body_{code}": f"1. {words}\n2. {CANARY}\n\n- {words}\n\n{words}" for code in LANGUAGES
    }
    doctor = Dermatologist(id=0, **pair(Dermatologist, "name", words))
    treatment = Treatment(id=0, slug="canary", **pair(Treatment, "name", CANARY + words))
    plan = AftercarePlan(
        id=0, treatment=treatment, version=1, reviewed_by=doctor, reviewed_at=make.APPROVED
    )
    return AftercareStep(id=0, key="first", plan=plan, hours_after=0, **texts)


def hostile_samples(language: str, words: str) -> Iterator[tuple[Sample, Clinic]]:
    """Every variant, with these words in everything that patients and staff type."""
    clinic = hostile_clinic(words)
    for sample in samples(language, clinic, now=make.NOW, steps=[(hostile_step(words),)]):
        row = sample.message.consultation
        assert row is not None
        for column in (
            "patient_name",
            "guardian_name",
            "cancel_reason",
            "move_reason",
            "proven_note",
        ):
            setattr(row, column, fit(type(row), column, words))
        if row.treatment:
            row.treatment = Treatment(id=0, **pair(Treatment, "name", CANARY + words))
            row.concern = Concern(id=0, **pair(Concern, "name", CANARY + words))
        if row.dermatologist:
            room = row.dermatologist.video_room
            named = pair(Dermatologist, "name", words)
            row.dermatologist = Dermatologist(id=0, video_room=room, **named)
        yield sample, clinic


def arrived(sample: Sample, clinic: Clinic) -> EmailMessage:
    return read(sample.message, sample.now, clinic=clinic)


# --- What must hold of every e-mail ----------------------------------------------------------------


def depths(line: str) -> list[int]:
    """How many isolates are open at each letter of a line; none is closed that is not open."""
    depth, found = 0, []
    for letter in line:
        depth += letter in (times.LRI, times.FSI, "\u2067")
        depth -= letter == times.PDI
        assert depth >= 0, repr(line)
        found.append(depth)
    assert depth == 0, repr(line)
    return found


def squeezed(words: str) -> str:
    return re.sub(r"[\s:]+", "", plain(words))


def check_headers(mail: EmailMessage, sample: Sample) -> None:
    names = mail.keys()
    assert len(names) == len(set(names))
    assert HEADERS <= set(names) <= HEADERS | MAY_COME
    assert all("\n" not in value and "\r" not in value for value in map(str, mail.values()))
    assert (mail["To"], mail["Content-Language"]) == ("layla@example.com", sample.message.language)
    assert mail["Subject"].strip()
    assert CANARY not in mail["Subject"]


def check_text(text: str, language: str) -> None:
    assert text.strip() and text.isprintable() is False and "\r" not in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e]", text)
    for line in text.splitlines():
        found = depths(line)
        between_words = AMONG_WORDS.sub(lambda number: " " * len(number[0]), line)
        numbers = [at for at, letter in enumerate(between_words) if letter in "0123456789"]
        ours = not line.startswith("http") and not BARE_CODE.fullmatch(line)
        if language == "ar" and ours:
            assert all(found[at] for at in numbers), repr(line)


AMONG_WORDS = re.compile(
    r"(?<=[^\W\d] )\d+(?= [^\W\d])"
)  # of our own sentences; nothing can turn it
BARE_CODE = re.compile(r"\D+: \d{6}")  # the code stands bare, for copying


def check_html(html: str, language: str) -> Tags:
    tags, soup = Tags(html), BeautifulSoup(html, "html.parser")
    direction = "rtl" if language == "ar" else "ltr"
    assert tags.open == [] and set(tags.seen) <= ELEMENTS
    assert {name for tag in soup.find_all(True) for name in tag.attrs} <= ATTRIBUTES
    for element in (soup.html, soup.body):
        assert (element["lang"], element["dir"]) == (language, direction)
    assert len(soup.select("a.button")) == len(soup.select("h1")) == 1
    assert soup.h1.get_text().strip() and soup.select_one("a.button").get_text().strip()
    assert not set(ISOLATES) & set(html)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e]", html)
    assert "url(" not in html and "@import" not in html and "evil.example/x" not in str(soup.img)
    return tags


def check_both_say_the_same(text: str, html: str) -> None:
    soup = BeautifulSoup(html, "html.parser")
    soup.head.extract()
    said = squeezed(soup.get_text())
    for line in filter(None, plain(text).splitlines()):
        fact = squeezed(re.sub(r"^(\d{1,2}\. |- )", "", line))
        assert fact in said, line


def check(sample: Sample, clinic: Clinic) -> None:
    mail, language = arrived(sample, clinic), sample.message.language
    text, html = body(mail, "plain"), body(mail, "html")
    check_headers(mail, sample)
    check_text(text, language)
    tags = check_html(html, language)
    check_both_say_the_same(text, html)
    link, *others = dict.fromkeys(tags.links)
    assert link.startswith((ADDRESS, "https://video.example.com/room"))
    # Beside the button's there is one address alone, which stops the tips: in the header too.
    stops = [str(mail["List-Unsubscribe"]).strip(" <>")] if mail["List-Unsubscribe"] else []
    assert others == stops and bool(stops) == (sample.message.kind == Kind.AFTERCARE)
    for address in tags.links:
        assert f"\n{address}\n" in text  # bare, on a line of its own
    row = sample.message.consultation
    assert row is not None
    step = sample.message.step
    if not row.names_treatment and step is None:
        assert CANARY not in text + html


ADDRESS = "https://clinic.example.com/"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", HOSTILE)
@override_settings(SITE_URL=ADDRESS.rstrip("/"))
def test_hostile_words_change_no_e_mail_but_the_place_where_they_stand(language, what):
    looked_at = set()
    for sample, clinic in hostile_samples(language, HOSTILE[what]):
        check(sample, clinic)
        looked_at.add(sample.message.kind)
    assert looked_at == set(emails.KINDS)


@given(words=st.text(max_size=1000), language=st.sampled_from(LANGUAGES))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@override_settings(SITE_URL=ADDRESS.rstrip("/"))
def test_no_words_at_all_break_an_e_mail(words, language):
    for sample, clinic in hostile_samples(language, words.encode("utf-8", "ignore").decode()):
        check(sample, clinic)


@given(words=st.text())
@settings(max_examples=200, deadline=None)
def test_one_line_is_one_line_whatever_was_typed(words):
    line = one_line(words)
    assert len(line.splitlines()) <= 1 and line == line.strip()
    assert one_line(line) == line
    assert not set(BIDI) & set(line) - set("abc")
