"""How hard a text is to read, in figures that were reckoned by hand."""

import pytest

from consent.readability import measure


@pytest.mark.parametrize(
    ("text", "letters", "words", "sentences"),
    [
        ("", 0, 0, 0),
        ("...", 0, 0, 0),
        ("Icing helps.", 10, 2, 1),
        ("It burns. It stops!\nCall us? No", 22, 7, 4),
        ("About 0.5 of 10,000 people.", 20, 5, 1),  # a point in a number ends no sentence
        ("It's a self-made word", 16, 4, 1),
        ("تورّم وكدمات.", 10, 2, 1),  # the mark above a letter is no letter
        ("متى تتّصل؟ الآن", 11, 3, 2),
        ("كـــتاب", 4, 1, 1),  # stretched, and still four letters
    ],
)
def test_letters_words_and_sentences_are_counted(text, letters, words, sentences):
    found = measure(text)
    assert (found.letters, found.words, found.sentences) == (letters, words, sentences)


def test_the_english_grade_is_the_automated_readability_index():
    # 9 words with 35 letters in one sentence: 4.71 x 35 / 9 + 0.5 x 9 / 1 - 21.43
    text = "The quick brown fox jumps over the lazy dog."
    assert measure(text).letters == 35
    assert measure(text).grade == pytest.approx(4.71 * 35 / 9 + 0.5 * 9 - 21.43)
    assert measure(text).grade == pytest.approx(1.39, abs=0.01)


def test_a_short_easy_text_has_no_grade_below_nought():
    assert measure("We go. I am.").grade == 0
    assert measure("").grade == 0


def test_long_english_words_and_long_arabic_sentences_are_hard():
    hard = "Postprocedural hyperpigmentation necessitates dermatological reassessment."
    assert measure(hard).is_hard_english and not measure("It can burn.").is_hard_english
    fifteen = " ".join(["كلمة"] * 15) + "."
    assert not measure(fifteen).is_hard_arabic
    assert measure(f"نعم. و {fifteen} لا.").is_hard_arabic  # though the average is below
    assert measure(fifteen).letters_in_a_word == 4
