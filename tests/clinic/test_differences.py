"""What differs between two texts, word by word, and how a page says it."""

from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from hypothesis import example, given
from hypothesis import strategies as st

from clinic.differences import Piece, marked

texts = st.text(alphabet="ab .\nبت", max_size=40)


def test_one_word_that_changed_is_one_removed_and_one_added():
    assert marked("It lasts a day.", "It lasts a week.") == [
        Piece("same", "It lasts a "),
        Piece("removed", "day."),
        Piece("added", "week."),
    ]


def test_words_that_changed_in_a_row_are_one_piece():
    assert marked("Call the clinic now.", "Call your dermatologist now.") == [
        Piece("same", "Call "),
        Piece("removed", "the clinic"),
        Piece("added", "your dermatologist"),
        Piece("same", " now."),
    ]


def test_what_only_one_text_has():
    assert marked("", "New words.") == [Piece("added", "New words.")]
    assert marked("Old words.", "") == [Piece("removed", "Old words.")]
    assert marked("As it was.", "As it was.") == [Piece("same", "As it was.")]
    assert marked("", "") == []


def test_arabic_is_told_apart_by_whole_words():
    assert marked("يستمر يومًا واحدًا.", "يستمر أسبوعًا واحدًا.") == [
        Piece("same", "يستمر "),
        Piece("removed", "يومًا"),
        Piece("added", "أسبوعًا"),
        Piece("same", " واحدًا."),
    ]


@given(texts, texts)
@example("a b", "b a")
@example("a\n\nb", "a b")
def test_the_pieces_are_both_texts_letter_by_letter(old, new):
    pieces = marked(old, new)
    assert "".join(piece.words for piece in pieces if piece.kind != "removed") == new
    assert "".join(piece.words for piece in pieces if piece.kind != "added") == old
    assert all(piece.words for piece in pieces)
    kinds = [piece.kind for piece in pieces]
    assert all(here != after for here, after in zip(kinds, kinds[1:], strict=False))
    assert ("added", "removed") not in set(zip(kinds, kinds[1:], strict=False))


def test_the_page_says_what_is_new_in_words_too_and_escapes_the_rest():
    pieces = marked("It <b>burns", "It <i>stings")
    html = render_to_string("clinic/marked.html", {"pieces": pieces, "LANGUAGE_CODE": "en"})
    page = BeautifulSoup(html, "html.parser")
    assert page.select("b, i") == []
    assert page.find("del").get_text().split() == ["[taken", "out:", "<b>burns]"]
    assert page.find("ins").get_text().split() == ["[new:", "<i>stings]"]
