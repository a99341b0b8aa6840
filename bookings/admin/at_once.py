"""Buttons that stand in a row of a list and act with one click; the list's own form sends them."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode


def buttons(request: HttpRequest, about: str, shown: Iterable[tuple[Any, str]]) -> str:
    """The buttons of one row, each a label and an address; they lead back to the list as it is."""
    here = urlencode({"list": request.GET.urlencode()})
    return format_html_join(
        " ",
        '<button class="button at-once" formaction="{}?{}" aria-label="{}: {}">{}</button>',
        ((address, here, label, about, label) for label, address in shown),
    )


def back_to_the_list(request: HttpRequest, room: str) -> HttpResponseRedirect:
    """To the list that a button was pressed in, with its filters."""
    address = reverse(f"admin:{room}_changelist")
    filters = request.GET.get("list", "")
    return redirect(f"{address}?{filters}" if filters else address)
