"""The words of aftercare: the steps keep their numbers, who approved them, and whose session it was."""

import datetime as dt

import pytest

from bookings.models import Kind, Message
from tests import make
from tests.bookings.mails import body, of_kind, plain, read

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


def test_aftercare_keeps_its_numbered_steps_and_says_who_approved_it():
    message, now = of_kind(Kind.AFTERCARE)
    mail = read(message, now)
    text, html = plain(body(mail, "plain")), body(mail, "html")
    assert "1. Wrap ice in a thin damp towel.\n2. Hold it for 10 minutes." in text
    assert (
        "<ol><li>Wrap ice in a thin damp towel.</li><li>Hold it for 10 minutes.</li></ol>" in html
    )
    assert "Call the same day: spreading redness." in text
    assert "Call 998: trouble breathing." in text
    stamp = "approved by Dr Huda on Monday 5 October 2026, version 1; not a diagnosis"
    assert stamp in text
    assert "Wrap ice" not in mail["Subject"]


@pytest.mark.parametrize(
    ("language", "names", "sentence"),
    [
        ("en", False, "because Sami was at the clinic on Monday 23 November 2026"),
        ("en", True, "because of Sami's session on Monday 23 November 2026: Mesotherapy."),
        ("ar", False, "بسبب زيارة Sami للعيادة يوم"),
        ("ar", True, "بسبب جلسة Sami يوم"),
    ],
)
def test_a_guardian_reads_whose_session_it_was(language, names, sentence):
    child = {"patient_name": "Sami", "birth_date": dt.date(2015, 5, 1), "guardian_name": "Mona"}
    message, now = of_kind(Kind.AFTERCARE, language=language, names_treatment=names, **child)
    text = plain(body(read(message, now), "plain"))
    assert sentence in text
    assert "because you" not in text and "your session" not in text


def test_steps_that_go_on_after_an_empty_line_keep_their_numbers():
    make.aftercare_steps(make.treatment(), body_en="1. One\n\n2. Two\n3. Three")
    _message, now = of_kind(Kind.AFTERCARE)
    html = body(read(Message.objects.get(), now), "html")
    assert '<ol><li>One</li></ol>\n<ol start="2"><li>Two</li><li>Three</li></ol>' in html


def test_in_arabic_each_number_of_a_step_is_isolated():
    message, now = of_kind(Kind.AFTERCARE, language="ar")
    mail = read(message, now)
    text, html = body(mail, "plain"), body(mail, "html")
    assert (
        "\u20661\u2069. لفّ الثلج بمنشفة رقيقة رطبة.\n\u20662\u2069. ضعه \u206610\u2069 دقائق."
        in text
    )
    assert '<li>ضعه <bdi dir="ltr">10</bdi> دقائق.</li></ol>' in html


def test_markup_in_the_clinics_own_texts_is_words():
    words = "1. <script>a & b</script>\n\n- <i>\n\nplain <p>"
    make.aftercare_steps(make.treatment(), body_en=words)
    _message, now = of_kind(Kind.AFTERCARE)
    html = body(read(Message.objects.get(), now), "html")
    assert "<ol><li>&lt;script&gt;a &amp; b&lt;/script&gt;</li></ol>" in html
    assert "<ul><li>&lt;i&gt;</li></ul>" in html and "<p>plain &lt;p&gt;</p>" in html
