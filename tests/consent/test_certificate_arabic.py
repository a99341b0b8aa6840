"""The PDF's Arabic: right when its text is taken out, and right when it is looked at."""

import dataclasses
import random
import re
import unicodedata

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from consent.certificate import Certificate, Telling, certificate_of, pdf_of, told_in
from tests.consent.test_certificate import sealed

pytestmark = pytest.mark.django_db
MARKS = "\u064b-\u0652\u0670"
INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NAME = "لمى"  # its three letters join in one stroke, without a dot; the first is the tall one
UNJOINED = "\u200c".join(NAME)  # a zero width non-joiner between each two
REVERSED = NAME[::-1]
DARK, SCALE = 128, 8.0


@pytest.fixture
def certificate() -> Certificate:
    return certificate_of(sealed(language="ar", patient_name=NAME))


def words_of(text: str, *, by_pdfium: bool = False) -> list[str]:
    """The words and numbers of a text in their order, in plain letters.

    A letter with its marks is one glyph, and PDFium (as poppler and pdf.js) takes such a glyph's
    letters for drawn from left to right, so it puts the mark first: that alone is undone here.
    """
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if by_pdfium:
        plain = re.sub(rf"([{MARKS}]+)([^\W\d_])", lambda found: found[2] + found[1][::-1], plain)
    return re.findall(rf"[\w{MARKS}]+", plain)


def paragraphs(telling: Telling) -> list[str]:
    """Every text of a part in the order of reading."""
    found = [telling.title, *telling.notes]

    def lines(all_of_them):
        for line in all_of_them:
            found.extend([line.label, *(value.text for value in line.values)])

    lines(telling.about)
    for risk in telling.risks:
        found.append(f"{risk.place}: {risk.name}")
        for heading, words in risk.parts:
            found.extend([heading, words])
        lines(risk.lines)
    lines(telling.seal)
    found.extend([telling.receipt_title, telling.checking])
    lines(telling.receipt)
    return [*found, telling.link]


def read_by_pdfium(pdf: bytes) -> list[str]:
    """The words of the whole paper, without what stands at the head and the foot of each page."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        lines = page.get_textpage().get_text_bounded().splitlines()
        found.extend(words_of("\n".join(lines[1:-1]), by_pdfium=True))
    return found


# --- Its text ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_word_comes_out_in_logical_order(language):
    """Both parts, every paragraph, in the order of reading, to the last letter."""
    certificate = certificate_of(
        sealed(language=language, question="أعرض لأنّ الإبر لا تؤلم؟ مثلاً 48")
    )
    other = "en" if language == "ar" else "ar"
    written = [
        text
        for code in (language, other)
        for text in paragraphs(told_in(certificate, code, words_in=code))
    ]
    wanted = [word for text in written for word in words_of(text)]
    assert read_by_pdfium(pdf_of(certificate)) == wanted


def test_any_word_of_arabic_letters_comes_out(certificate):
    """Made-up words of every letter and mark, and names that fonts like to draw in one piece."""
    chance = random.Random(15)
    letters, marks = (
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأؤإئ",
        "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652",
    )
    words = [
        "".join(
            chance.choice(letters) + (chance.choice(marks) if chance.random() < 0.3 else "")
            for _letter in range(chance.randint(2, 8))
        )
        for _word in range(600)
    ]
    names = "عبد الله، اللّه، لله، بالله، محمد، محمّد، صلى، لأجل، الإبر، لآلئ، كلّا، مثلًا، مثلاً"
    for text in (names, " ".join(words)):
        paper = pdf_of(dataclasses.replace(certificate, patient_name=text))
        read, wanted = read_by_pdfium(paper), words_of(text)
        at = read.index(wanted[0])
        assert read[at : at + len(wanted)] == wanted


def test_the_comparison_sees_a_turned_or_a_missing_letter():
    text = "توّرم، حمّى (38 درجة)"
    assert words_of(text) == ["توّرم", "حمّى", "38", "درجة"]
    for wrong in (text[::-1], text.replace("ّ", ""), "حمّى توّرم 38 درجة", text.replace("38", "83")):
        assert words_of(wrong) != words_of(text)


# --- Its look ----------------------------------------------------------------------------------


def picture_of(certificate: Certificate, name: str) -> Image.Image:
    """The patient's name as the paper shows it, cut out and magnified; ink is black."""
    page = pypdfium2.PdfDocument(pdf_of(dataclasses.replace(certificate, patient_name=name)))[0]
    text = page.get_textpage()
    # Found from what stands above and below it, for letters that are wrong may not be found themselves.
    about = told_in(certificate, "ar", words_in="ar").about
    above, below = (box_of(text, about[number].label) for number in (1, 2))
    edge = page.get_width() / 2
    picture = page.render(
        scale=SCALE, crop=(edge, below[3] + 1, 0, page.get_height() - above[1] + 1)
    )
    ink = picture.to_pil().convert("L").point(lambda light: 255 * (light < DARK))
    return ink.crop(ink.getbbox())


def box_of(text: pypdfium2.PdfTextPage, words: str) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of some words on a page."""
    at, count = text.search(words).get_next()
    boxes = [text.get_charbox(number) for number in range(at, at + count)]
    left, bottom, right, top = zip(*boxes, strict=True)
    return min(left), min(bottom), max(right), max(top)


def strokes(ink: Image.Image) -> int:
    """How many pieces of ink there are that do not touch."""
    left = ink.copy()
    found = 0
    for y in range(left.height):
        for x in range(left.width):
            if left.getpixel((x, y)):
                ImageDraw.floodfill(left, (x, y), 0)
                found += 1
    return found


def stem(ink: Image.Image) -> float:
    """How far to the right the tallest letter stands: 0 left, 1 right. In this name it is the lam."""
    top = ink.crop((0, 0, ink.width, ink.height // 8)).getbbox()
    return (top[0] + top[2]) / 2 / ink.width


def test_letters_join_and_run_from_right_to_left(certificate):
    ink = picture_of(certificate, NAME)
    assert strokes(ink) == 1
    assert stem(ink) > 0.75


def test_the_look_above_would_see_letters_that_do_not_join_or_run_the_wrong_way(certificate):
    assert strokes(picture_of(certificate, UNJOINED)) == 3
    assert stem(picture_of(certificate, REVERSED)) < 0.4


def test_a_mark_stands_over_its_own_letter(certificate):
    """The doubling mark over the tall lam is higher than that over the low meem."""
    bare = picture_of(certificate, NAME)
    lam, meem = (picture_of(certificate, name) for name in ("لّمى", "لمّى"))
    assert strokes(lam) == strokes(meem) == strokes(bare) + 1
    assert lam.height > meem.height + SCALE > bare.height
