"""What a person asked for and cannot have: each refusal says what to do instead."""

from django.db import InterfaceError, OperationalError

# PostgreSQL is away, begins anew, or is too busy: the same request may succeed a little later. Whether a
# commit that was on its way is done, nobody can know; asking again with the same key tells.
DATABASE_AWAY = (OperationalError, InterfaceError)
TRY_AGAIN_AFTER = 5  # seconds


class Refused(Exception):
    """An action was refused. `str(refusal)` is a translated sentence for the person who asked.

    `code` is stable and is what the API gives as the end of the problem's `type` (RFC 9457).
    """

    code = "refused"
    status = 409

    def __init__(self, sentence: object, *, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field

    def __str__(self) -> str:
        return str(self.sentence)


class NotPossibleNow(Refused):
    """The consultation, or whatever it is about, is in a state in which this cannot be done."""

    code = "not_possible_now"
