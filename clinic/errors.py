"""What a person asked for and cannot have: each refusal says what to do instead."""


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
