"""What became of an e-mail that was not taken: by a mail server's answer, or a service's."""

import re

ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463


class NotTaken(Exception):
    """The relay did not take an e-mail. `answer` is its codes, such as "550 5.1.1", without words."""

    def __init__(self, answer: str = "") -> None:
        super().__init__(answer)
        self.answer = answer


class Unreachable(NotTaken):
    """No line to the relay, or it does not talk to us."""


class LoginRefused(NotTaken):
    """It does not know us: user name, password or the encryption."""


class BadAddress(NotTaken):
    """There is no such mailbox."""

    @property
    def names_the_mailbox(self) -> bool:
        """Whether that is beyond doubt: a bare 550 may mean us (RFC 3463 sections 3.2 and 3.3)."""
        return " 5.1." in self.answer or " 5.2." in self.answer


class RefusesUs(NotTaken):
    """It refuses this e-mail for good, or our sender, or everything of ours."""


class NotNow(NotTaken):
    """It cannot take this e-mail just now (4xx), or hung up before it was handed over."""

    def __init__(self, answer: str = "", *, line_is_broken: bool = False) -> None:
        super().__init__(answer)
        self.line_is_broken = line_is_broken


class NobodyKnows(NotTaken):
    """The e-mail was handed over, and no answer came."""


class Aborted(Exception):
    """`before_the_dot` said no: nothing was handed over."""


def codes(code: int, words: bytes | str) -> str:
    """ "550 5.1.1": the words may hold an address, so they are not kept."""
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    found = ENHANCED.match(text)
    return f"{code} {found.group()}" if found else str(code)
