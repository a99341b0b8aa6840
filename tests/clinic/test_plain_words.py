"""What is left of typed words: what is seen, in one spelling."""

import pytest

from clinic.plain_words import typed_words

SIGNS = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067"
SIGNS += "\u2068\u2069\ufeff\ufff9\U000e0041"


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"U+{ord(sign):04X}")
def test_what_nobody_sees_is_nothing(sign):
    for alone in (sign, f" {sign}\t", sign * 3, f"{sign}\n{sign}"):
        assert typed_words(alone) == ""
    assert typed_words(f"{sign}Layla {sign}Hassan{sign}") == "Layla Hassan"


@pytest.mark.parametrize(
    "blank", ["", None, " \n", "\u3164", "\u2800", "\ufe0f", "\u200d\ufe0f\u200d"]
)
def test_without_a_visible_letter_there_are_no_words(blank):
    assert typed_words(blank) == ""


@pytest.mark.parametrize(
    "words",
    [
        "Does it hurt?",
        "?",
        "48",
        "می\u200cخواهم",  # Persian: a non-joiner inside a word
        "क्\u200dष",  # Hindi: a joiner inside a letter
        "❤️",
        "👩\u200d⚕️",
        "❤️\u200d🔥 hurts",
        "سؤال؟\nمثلاً 48",
        "\x07",  # for whoever reads it to refuse
    ],
)
def test_what_is_seen_stays(words):
    assert typed_words(words) == words


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Two\u202ewords", "Twowords"),
        ("a\u200bb", "ab"),
        ("a\u200d\u200d\u200cb", "a\u200db"),
        ("a\u200d\u200d b", "a b"),
        ("a\u200d", "a"),
        ("\u200ca", "a"),
        ("a\u200b\u200d\u200eb", "a\u200db"),
        ("e\u0301", "é"),
    ],
)
def test_signs_between_letters_are_left_out_and_one_joiner_stays(typed, kept):
    assert typed_words(typed) == kept
    assert typed_words(kept) == kept
