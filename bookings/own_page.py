"""Whose own page this browser may see: opened by a link from an e-mail, after a light check."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from bookings.models import Consultation

KEY = "own_page"


@dataclass(frozen=True)
class Note:
    """What another app offers on this page: a link; with `why`, a notice above everything else."""

    words: str
    url: str
    why: str = ""


# clinic/urls.py puts the page together, as it does the desk's front page.
others: list[Callable[[Consultation], list[Note]]] = []


def notes_for(consultation: Consultation) -> list[Note]:
    """What all other apps offer to this patient."""
    return [note for offered in others for note in offered(consultation)]


class OwnPage:
    """The one consultation whose page this browser has opened; another link replaces it.

    Kept in the session apart from the road, so that a link that was opened without its check lets
    nobody on to the road. A newer link ends what older links have opened.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.session = request.session
        kept = self.session.get(KEY) or {}
        self.consultation: Consultation | None = None
        self.is_checked = False
        if not kept:
            return
        found = Consultation.objects.for_desk().not_erased().filter(pk=kept["pk"]).first()
        if found is not None and found.link_serial == kept["serial"]:
            self.consultation = found
            self.is_checked = kept["checked"]

    @property
    def open_consultation(self) -> Consultation | None:
        """The consultation, once the check is passed."""
        return self.consultation if self.is_checked else None

    def open(self, consultation: Consultation, *, checked: bool) -> None:
        """Remembers the consultation; the session's key changes (session fixation)."""
        self.session.cycle_key()
        self.session[KEY] = {
            "pk": consultation.pk,
            "serial": consultation.link_serial,
            "checked": checked,
        }
        self.consultation, self.is_checked = consultation, checked

    def goes_on(self, consultation: Consultation) -> None:
        """Under the newer link that what was done here has made; the older ones have ended elsewhere."""
        if self.open_consultation == consultation:
            self.session[KEY] = {**self.session[KEY], "serial": consultation.link_serial}
            self.consultation = consultation

    def close(self) -> None:
        """Forgets it."""
        self.session.pop(KEY, None)
        self.consultation, self.is_checked = None, False
