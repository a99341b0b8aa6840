"""Facts about every form: a label, a hint and an error that belong to their input."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django import forms
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from clinic.forms import CODE, EMAIL, NAME, WORDS, BirthDateField, PageRenderer, western_digits

TODAY = dt.date(2026, 11, 22)


class Everything(forms.Form):
    """One field of each kind that the patient pages use."""

    default_renderer = PageRenderer()

    who = forms.ChoiceField(
        label="Who is it for?",
        choices=[("me", "Me"), ("child", "A child")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say who it is for."},
    )
    name = forms.CharField(label="Name", widget=forms.TextInput(attrs=NAME))
    email = forms.EmailField(
        label="E-mail", help_text="We send a code there.", widget=forms.EmailInput(attrs=EMAIL)
    )
    birth_date = BirthDateField(label="Date of birth", help_text="Like 27 3 1990", latest=TODAY)
    days = forms.MultipleChoiceField(
        label="Days",
        required=False,
        choices=[("1", "Weekdays"), ("2", "Saturday")],
        widget=forms.CheckboxSelectMultiple,
    )
    question = forms.CharField(label="Question", required=False, widget=forms.Textarea(attrs=WORDS))
    may_name = forms.BooleanField(label="You may", required=False, help_text="In e-mails.")
    code = forms.CharField(label="Code", required=False, widget=forms.TextInput(attrs=CODE))
    token = forms.CharField(widget=forms.HiddenInput, error_messages={"required": "Start again."})

    def clean(self) -> None:
        if self.data.get("name") == "nobody":
            raise forms.ValidationError("Nobody cannot come.")


def soup(form: forms.Form) -> BeautifulSoup:
    return BeautifulSoup(str(form), "html.parser")


def summary(form: forms.Form) -> BeautifulSoup:
    return BeautifulSoup(
        render_to_string("clinic/forms/errors.html", {"form": form}), "html.parser"
    )


def born(*parts: str) -> dt.date | None:
    return BirthDateField(latest=TODAY).clean(list(parts))


def test_every_input_has_a_label_or_is_hidden():
    html = soup(Everything())
    labelled = {label["for"] for label in html.select("label")}
    inputs = [one for one in html.select("input, textarea, select") if one.get("type") != "hidden"]
    assert {one["id"] for one in inputs} == labelled
    assert len(html.select("input[type=hidden]")) == 1


def test_a_tick_and_a_choice_stand_before_their_label():
    for choice in soup(Everything()).select(".choice"):
        first, second = choice.find_all(recursive=False)
        assert (first.name, second.name) == ("input", "label")
        assert second["for"] == first["id"]


def test_nothing_is_ticked_beforehand():
    assert not soup(Everything()).select("[checked]")


def test_choices_and_dates_are_grouped_under_a_legend():
    legends = [
        one.legend.get_text(" ", strip=True) for one in soup(Everything()).select("fieldset")
    ]
    assert legends == ["Who is it for?", "Date of birth", "Days (optional)"]


def test_a_hint_belongs_to_its_input():
    html = soup(Everything())
    email = html.select_one("#id_email")
    assert html.find(id=email["aria-describedby"]).text == "We send a code there."
    group = html.select_one("fieldset:has(#id_birth_date_0)")
    assert html.find(id=group["aria-describedby"]).text == "Like 27 3 1990"
    tick = html.select_one("#id_may_name")
    assert html.find(id=tick["aria-describedby"]).text == "In e-mails."


def test_an_error_stands_by_its_input_and_is_announced_with_it():
    html = soup(Everything({"email": "noura@"}))
    email = html.select_one("#id_email")
    hint, error = email["aria-describedby"].split()
    assert email["aria-invalid"] == "true"
    assert email["value"] == "noura@"
    assert html.find(id=hint).name == "p"
    assert html.find(id=error).get_text(" ", strip=True).startswith("Error: Enter a valid email")
    group = html.select_one("fieldset:has(#id_who_0)")
    assert html.find(id=group["aria-describedby"]).get_text(" ", strip=True) == (
        "Error: Say who it is for."
    )


def test_the_summary_takes_the_focus_and_says_the_fields_own_words():
    form = Everything({"name": "nobody", "email": "noura@"})
    box = summary(form).div
    assert (box["role"], box["tabindex"]) == ("alert", "-1")
    assert box.has_attr("autofocus")
    words = [item.get_text(strip=True) for item in box.select("li")]
    assert words[0] == "Nobody cannot come."
    for field in form:
        for error in field.errors:
            assert error in words


def test_every_link_of_the_summary_leads_to_an_input():
    form = Everything({})
    html = soup(form)
    links = [link["href"][1:] for link in summary(form).select("a")]
    assert links == ["id_who_0", "id_name", "id_email", "id_birth_date_0"]
    assert all(html.find(id=link).name == "input" for link in links)


def test_a_hidden_fields_error_is_said_without_a_link():
    items = summary(Everything({})).select("li")
    assert items[-1].get_text(strip=True) == "Start again."
    assert items[-1].a is None


def test_latin_answers_run_left_to_right_and_names_as_they_are_written():
    html = soup(Everything())
    assert html.select_one("#id_email")["dir"] == "ltr"
    assert html.select_one("#id_code")["autocomplete"] == "one-time-code"
    assert html.select_one("#id_name")["dir"] == "auto"
    assert html.select_one("#id_question")["dir"] == "auto"
    for part in ("day", "month", "year"):
        assert html.select_one(f"[name=birth_date_{part}]")["autocomplete"] == f"bday-{part}"


def test_what_was_typed_is_shown_again_and_escaped():
    html = str(Everything({"name": "<script>alert(1)</script>", "birth_date_day": "٣١"}))
    assert "<script>" not in html
    assert 'value="٣١"' in html


def test_a_kept_answer_fills_the_three_inputs():
    for kept in (dt.date(1990, 3, 27), "1990-03-27"):
        html = soup(Everything(initial={"birth_date": kept}))
        values = [html.select_one(f"#id_birth_date_{at}")["value"] for at in range(3)]
        assert values == ["27", "3", "1990"]
    assert soup(Everything(initial={"birth_date": "nonsense"})).select_one("#id_birth_date_0")


def test_a_birth_date_may_be_typed_on_any_keyboard():
    assert born("27", "3", "1990") == dt.date(1990, 3, 27)
    assert born(" ٢٧ ", "٠٣", "١٩٩٠") == dt.date(1990, 3, 27)
    assert born("۲۷", "۳", "۱۹۹۰") == dt.date(1990, 3, 27)
    assert born("29", "2", "2024") == dt.date(2024, 2, 29)
    assert born("22", "11", "2026") == TODAY


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (("", "", ""), "required"),
        (("27", "", "1990"), "incomplete"),
        (("27", "3"), "incomplete"),
        (("31", "2", "1990"), "invalid"),
        (("29", "2", "2025"), "invalid"),
        (("0", "0", "0000"), "invalid"),
        (("٢x", "3", "1990"), "invalid"),
        (("²", "3", "1990"), "invalid"),
        (("-1", "3", "1990"), "invalid"),
        (("1\x00", "3", "1990"), "invalid"),
        (("27", "3", "90"), "year"),
        (("23", "11", "2026"), "future"),
        (("1", "1", "9999"), "future"),
        (("1", "1", "1800"), "past"),
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(parts, code):
    with pytest.raises(forms.ValidationError) as refusal:
        born(*parts)
    assert refusal.value.code == code


def test_a_birth_date_comes_out_of_a_posted_form():
    posted = MultiValueDict(
        {"birth_date_day": ["1"], "birth_date_month": ["2"], "birth_date_year": ["2001"]}
    )
    form = Everything(posted)
    assert not form.is_valid()
    assert form.cleaned_data["birth_date"] == dt.date(2001, 2, 1)


def test_digits_of_every_keyboard_become_western():
    assert western_digits("٠٥٠ ١٢٣ 4567") == "050 123 4567"
    assert western_digits("۰۹") == "09"
    assert western_digits("abc") == "abc"


class Question(forms.Form):
    sure = forms.CharField(label=_("Who wants to cancel?"))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_label_that_asks_has_no_colon_behind_its_question_mark(language):
    with translation.override(language):
        label = Question()["sure"].label_tag()
    assert label.removesuffix("</label>")[-1] in "?؟"
