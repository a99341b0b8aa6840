"""A person at a browser without JavaScript: opens pages, reads them, fills forms, presses buttons."""

from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from django.test import Client

from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation


class Person:
    """One browser. `page` is what it shows, `path` where it is, `status` how the server answered."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=True)
        self.path = "/"
        self.status = 0
        self.page = BeautifulSoup("", "html.parser")

    def open(self, path: str) -> "Person":
        """Types an address; follows where it leads."""
        self._show(self.client.get(path, follow=True), path)
        return self

    def reload(self) -> "Person":
        return self.open(self.path)

    def press(self, words: str, **answers: Any) -> "Person":
        """Presses the button that says these words, after filling in its form."""
        button = self.button(words)
        form = self._form_of(button)
        sent = fields_of(form) | answers
        if button.get("name"):
            sent[button["name"]] = button.get("value", "")
        path = urljoin(self.path, form.get("action") or self.path)
        self._show(self.client.post(path, sent, follow=True), path)
        return self

    def follow(self, words: str) -> "Person":
        """Follows the link that says these words."""
        return self.open(urljoin(self.path, self.link(words)["href"]))

    def button(self, words: str) -> Tag:
        return self._only("button", words)

    def link(self, words: str) -> Tag:
        return self._only("a", words)

    def has(self, words: str) -> bool:
        return words in self.text

    @property
    def text(self) -> str:
        """What the page says, with single spaces."""
        main = self.page.find("main") or self.page
        return " ".join(main.get_text(" ").split())

    @property
    def title(self) -> str:
        return self.page.title.get_text() if self.page.title else ""

    @property
    def form(self) -> dict[str, Any]:
        """The fields of the page's form, as they stand."""
        return fields_of(self.page.find("form", id="answers"))

    def errors(self) -> list[str]:
        """What the error summary says."""
        return [item.get_text(" ", strip=True) for item in self.page.select(".error-summary li")]

    def walks(self, consultation: Consultation) -> "Person":
        """This browser is on the road with that consultation."""
        session = self.client.session
        session["road"] = {"consultation": consultation.pk}
        session.save()
        return self

    def opens_own_page(self, consultation: Consultation) -> "Person":
        """Comes by the link from an e-mail and passes the check."""
        self.open(link_to(consultation))
        form = self.page.find("form", id="answers")
        answer = {"answer": str(consultation.birth_date.year)}
        path = form["action"]
        self._show(self.client.post(path, answer, follow=True), path)
        return self

    def _show(self, response: Any, path: str) -> None:
        chain = getattr(response, "redirect_chain", [])
        self.path = chain[-1][0] if chain else path
        self.status = response.status_code
        self.response = response
        self.page = BeautifulSoup(response.content, "html.parser")

    def _only(self, kind: str, words: str) -> Tag:
        found = [tag for tag in self.page.find_all(kind) if words in " ".join(tag.text.split())]
        assert found, f"no <{kind}> says {words!r} on {self.path}: {self.text[:300]}"
        return found[0]

    def _form_of(self, button: Tag) -> Tag:
        if button.get("form"):
            return self.page.find("form", id=button["form"])
        return button.find_parent("form")


def link_to(consultation: Consultation, *, language: str = "en") -> str:
    """The path in the e-mails' link to the person's own page."""
    prefix = "/ar" if language == "ar" else ""
    return f"{prefix}/c/{links.token(consultation, Purpose.PAGE)}/"


def fields_of(form: Tag | None) -> dict[str, Any]:
    """What a browser would send of a form that nobody has touched, without its buttons."""
    sent: dict[str, Any] = {}
    for field in form.find_all(["input", "textarea", "select"]) if form else []:
        name, kind = field.get("name"), field.get("type", "text")
        if not name or kind in ("submit", "button"):
            continue
        if kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if field.name == "textarea":
            sent[name] = field.text.removeprefix("\n")
        elif field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            sent[name] = chosen.get("value", "") if chosen else ""
        else:
            sent[name] = field.get("value", "on")
    return sent
