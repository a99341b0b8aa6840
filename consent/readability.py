"""How hard a text is to read: a figure for English and two for Arabic, as a hint to its reviewer."""

import re
import unicodedata
from dataclasses import dataclass

# Texts are for a reading age of 9 to 11, and nobody is stopped by these figures.
GRADE_AT_MOST = 6.0
WORDS_AT_MOST = 15  # in an Arabic sentence
SENTENCE_ENDS = re.compile(r"[.!?؟…]+(?=\s|$)|\n+")
WORD = re.compile(r"[^\W_]+(?:['’.,/-][^\W_]+)*")
STRETCH = "\u0640"  # the tatweel widens a word and is no letter


@dataclass(frozen=True)
class Measure:
    """What was counted in a text. Letters are letters and digits, without Arabic's vowel marks."""

    letters: int
    words: int
    sentences: int
    longest: int  # words in the longest sentence

    @property
    def words_in_a_sentence(self) -> float:
        return self.words / self.sentences if self.sentences else 0.0

    @property
    def letters_in_a_word(self) -> float:
        return self.letters / self.words if self.words else 0.0

    @property
    def grade(self) -> float:
        """The English school grade that reads it: the Automated Readability Index.

        R. J. Senter and E. A. Smith, AMRL-TR-66-220, 1967:
        4.71 letters per word + 0.5 words per sentence - 21.43. Never below 0.
        """
        if not self.words:
            return 0.0
        return max(0.0, 4.71 * self.letters_in_a_word + 0.5 * self.words_in_a_sentence - 21.43)

    @property
    def is_hard_english(self) -> bool:
        return self.grade > GRADE_AT_MOST

    @property
    def is_hard_arabic(self) -> bool:
        """One sentence that is too long is enough: an average would hide it among the short ones."""
        return self.longest > WORDS_AT_MOST


def measure(text: str) -> Measure:
    """Counts letters, words and sentences. A new line ends a sentence too, and so does an abbreviation."""
    plain = "".join(sign for sign in text if unicodedata.category(sign) != "Mn" and sign != STRETCH)
    sentences = [WORD.findall(sentence) for sentence in SENTENCE_ENDS.split(plain)]
    words = [word for sentence in sentences for word in sentence]
    return Measure(
        letters=sum(sign.isalnum() for word in words for sign in word),
        words=len(words),
        sentences=sum(1 for sentence in sentences if sentence),
        longest=max((len(sentence) for sentence in sentences), default=0),
    )
