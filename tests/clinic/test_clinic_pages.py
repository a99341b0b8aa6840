"""Facts about what pages print: times, phones, references, and the frame around them."""

import datetime as dt
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from clinic.templatetags import clinic_pages

TEN = dt.datetime(2026, 11, 24, 6, 0, tzinfo=dt.UTC)
CLINIC = SimpleNamespace(
    name="Palm <Grove>", address="Dubai", phone="+97145550123", zone="Asia/Dubai"
)


def render(source: str, **context: object) -> str:
    return Template("{% load clinic_pages %}" + source).render(Context({"at": TEN, **context}))


def page(language: str = "en", **context: object) -> BeautifulSoup:
    with translation.override(language):
        html = render_to_string("clinic/base.html", {"clinic": CLINIC, **context})
    return BeautifulSoup(html, "html.parser")


def test_a_time_on_a_page_is_isolated_and_read_by_machines():
    with translation.override("ar"):
        html = render('{% clinic_time at "Asia/Dubai" %}')
    assert html == (
        '<time datetime="2026-11-24T06:00+00:00"><bdi>الثلاثاء 24 نوفمبر 2026، الساعة '
        '<bdi dir="ltr">10:00</bdi>، بتوقيت <bdi>دبي</bdi> (غرينتش<bdi dir="ltr">+4</bdi>)</bdi></time>'
    )


def test_the_patients_own_time_is_shown_only_where_it_differs():
    template = '{% your_time at zone "Asia/Dubai" %}'
    assert render(template, zone="Asia/Muscat") == ""
    own = BeautifulSoup(render(template, zone="Europe/London"), "html.parser").get_text()
    assert own == "Your time: Tuesday 24 November 2026, 06:00, London time (GMT)"


def test_a_text_mail_gets_isolates_instead_of_elements():
    text = render(
        '{% clinic_time_text at "Asia/Dubai" %} {{ phone|phone_text }}', phone="+971501234567"
    )
    assert "<" not in text
    assert "\u2066+971 50 123 4567\u2069" in text


@pytest.mark.parametrize("typed", ["+971501234567", "0501234567", "00971501234567", "٠٥٠١٢٣٤٥٦٧"])
def test_a_phone_is_shown_as_the_world_writes_it(typed):
    assert clinic_pages.phone_plain(typed) == "+971 50 123 4567"
    assert clinic_pages.tel(typed) == "+971501234567"
    assert clinic_pages.phone(typed) == '<bdi dir="ltr" class="phone">+971 50 123 4567</bdi>'


@pytest.mark.parametrize("typed", ["", None, "ask my sister", "<b>12"])
def test_what_is_no_phone_is_shown_as_it_was_typed_and_escaped(typed):
    assert clinic_pages.phone_plain(typed) == (typed or "")
    assert "<b>" not in clinic_pages.phone(typed)


@pytest.mark.parametrize("code", ["k7qm2f4d", "K7QM-2F4D", "K7QM 2F4D"])
def test_a_reference_is_shown_in_groups(code):
    assert clinic_pages.reference(code) == '<bdi dir="ltr" class="reference">K7QM-2F4D</bdi>'


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_a_page_says_its_language_and_direction(language, direction):
    html = page(language).html
    assert (html["lang"], html["dir"]) == (language, direction)


def test_the_language_switch_is_named_in_its_own_language():
    link = page("en").select_one(".language a")
    assert (link["lang"], link["hreflang"], link.text, link["href"]) == (
        "ar",
        "ar",
        "العربية",
        "/ar/",
    )
    assert page("ar").select_one(".language a").text == "English"
    told = page("en", other_language_url="/ar/when/").select_one(".language a")
    assert told["href"] == "/ar/when/"


def test_a_page_that_has_no_other_language_leads_to_the_start_page():
    request = RequestFactory().get("/no-such-page/")
    assert page("en", request=request).select_one(".language a")["href"] == "/ar/"


def test_the_language_switch_takes_half_typed_answers_along():
    header = page("en", answers_form="answers").select_one("header")
    first, switch = header.select("button")
    assert (switch["form"], switch["name"], switch["value"]) == ("answers", "switch_language", "ar")
    # Enter presses the first button of a form: that one must not switch the language.
    assert first["form"] == "answers"
    assert not first.get("name")
    assert (first["tabindex"], first["aria-hidden"]) == ("-1", "true")


def test_the_phone_is_a_link_on_every_page():
    link = page().select_one(".call a")
    assert (link["href"], link.text) == ("tel:+97145550123", "+971 4 555 0123")


def test_every_page_says_what_this_is_not():
    footer = page().footer.get_text(" ", strip=True)
    assert "not for emergencies" in footer
    assert "998" in footer
    assert "it is not consent to a procedure" in footer


def test_the_step_is_said_and_drawn():
    progress = page(step=2, steps=9).select_one(".progress")
    assert progress.p.text == "Step 2 of 9"
    assert (progress.progress["value"], progress.progress["max"]) == ("2", "9")
    assert page().select_one(".progress") is None


def test_a_notice_is_read_aloud_when_it_is_new():
    notice = page(messages=[Message(constants.SUCCESS, "Saved.")]).select_one(".notice")
    assert (notice["role"], notice.text) == ("status", "Saved.")
    assert "good" in notice["class"]


def test_what_people_wrote_is_escaped():
    assert "Palm <Grove>" in page().select_one(".clinic-name").get_text()
    assert page().find("grove") is None


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_error_page_needs_nothing_and_leads_on(name, language):
    with translation.override(language):
        html = BeautifulSoup(render_to_string(f"{name}.html"), "html.parser")
    start = "/ar/" if language == "ar" else "/"
    assert html.html["lang"] == language
    assert len(html.select("h1")) == 1
    assert html.select_one("main a.button")["href"] == start
