"""The ledger at the desk, to look at: its entries, where its heads are kept, and every verification."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.admin import desk, now_of
from consent.actions import anchoring
from consent.keyring import trusted_keys
from consent.models import AnchorPlace, LedgerEntry, Outcome, Verification
from consent.verifying import runs

# A night without a verification is told on the next day.
VERIFIED_WITHIN = dt.timedelta(hours=36)
LOOKED_AT = 30  # of the newest verifications, whether the clinic signed them


def nobody(room: admin.ModelAdmin, request: HttpRequest, obj: Any = None) -> bool:
    """Nobody adds, edits or deletes here; PostgreSQL refuses it too."""
    return False


@admin.register(Verification, site=desk)
class VerificationAdmin(admin.ModelAdmin):
    """What each run of `verify_ledger` found. There is no button: a run takes a minute, not a request."""

    has_add_permission = has_change_permission = has_delete_permission = nobody
    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_display = ["finished_at", "outcome", "size", "from_size", "found"]
    list_filter = ["outcome"]
    fields = [
        "started_at",
        "finished_at",
        "outcome",
        "size",
        "from_size",
        "root",
        "looked_at",
        "found_all",
    ]

    @admin.display(description=_("findings"))
    def found(self, row: Verification) -> int:
        return len(row.findings)

    @admin.display(description=_("findings"))
    def found_all(self, row: Verification) -> SafeString | str:
        """Each in a line, as the command says it (in English, with the names of tables and columns)."""
        lines = ((each["kind"], each["about"], each["says"]) for each in row.findings)
        return format_html_join("", '<p dir="ltr"><strong>{}</strong>: {}: {}</p>', lines) or "-"

    @admin.display(description=_("looked at"))
    def looked_at(self, row: Verification) -> SafeString:
        words = ", ".join(f"{number:,} {name}" for name, number in sorted(row.counts.items()))
        return format_html('<bdi dir="ltr">{}</bdi>', words)


@admin.register(AnchorPlace, site=desk)
class AnchorPlaceAdmin(admin.ModelAdmin):
    """How far each place outside the database has come, and what is wrong with it."""

    has_add_permission = has_change_permission = has_delete_permission = nobody
    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_display = ["place", "size", "anchored_at", "failing_since", "trouble"]


@admin.register(LedgerEntry, site=desk)
class LedgerEntryAdmin(admin.ModelAdmin):
    """What was entered, by kind and hash; its bytes hold no personal value."""

    has_add_permission = has_change_permission = has_delete_permission = nobody
    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_display = ["written_at", "kind", "visit", "name", "position"]
    list_filter = ["kind"]
    list_select_related = ["consultation", "leaf"]
    search_fields = ["entry_hash__startswith", "consultation__reference"]
    search_help_text = _("The first letters of the hash, or the reference of the visit.")
    fields = [
        "kind",
        "visit",
        "written_at",
        "recorded_at",
        "entry_hash",
        "key_id",
        "position",
        "words",
    ]

    @admin.display(description=_("consultation"))
    def visit(self, row: LedgerEntry) -> str:
        return row.consultation.grouped_reference if row.consultation else "-"

    @admin.display(description=_("hash"))
    def name(self, row: LedgerEntry) -> SafeString:
        return format_html('<bdi dir="ltr">{}</bdi>', row.entry_hash[:16])

    @admin.display(description=_("place in the tree"))
    def position(self, row: LedgerEntry) -> str:
        leaf = getattr(row, "leaf", None)
        return str(leaf.index) if leaf else gettext("not yet sealed")

    @admin.display(description=_("canonical bytes"))
    def words(self, row: LedgerEntry) -> SafeString:
        return format_html('<bdi dir="ltr">{}</bdi>', bytes(row.content).decode(errors="replace"))


def cards(request: HttpRequest) -> list[dict[str, Any]]:
    """The front page's red cards: what the last verification found, and what is late. Else nothing."""
    if not request.user.has_perm("consent.view_verification"):
        return []
    found = _verified(now_of(request))
    address = reverse("admin:consent_anchorplace_changelist")
    found += [(alarm.sentence, address) for alarm in anchoring.alarms(now=now_of(request))]
    return [{"label": label, "url": url, "is_alarm": True} for label, url in found]


def _verified(now: dt.datetime) -> list[tuple[str, str]]:
    """What the last verifications of ours say: the last of all, and the last that looked at everything."""
    trusted = trusted_keys()
    rows = list(Verification.objects.all()[:LOOKED_AT])
    newest = next((run for run in rows if runs.is_ours(run, trusted)), None)
    wholes = Verification.objects.filter(from_size=0)[:LOOKED_AT]
    whole = next((run for run in wholes if runs.is_ours(run, trusted)), None)
    made_up = [run for run in rows if not runs.is_ours(run, trusted)]
    return _made_up(made_up) + _found(newest, whole, now)


def _made_up(rows: list[Verification]) -> list[tuple[str, str]]:
    if not rows:
        return []
    words = gettext("Somebody has written down a verification that the clinic did not run.")
    return [(words, reverse("admin:consent_verification_change", args=[rows[0].pk]))]


def _found(
    newest: Verification | None, whole: Verification | None, now: dt.datetime
) -> list[tuple[str, str]]:
    if newest is None or newest.finished_at < now - VERIFIED_WITHIN:
        oldest = LedgerEntry.objects.order_by("pk").values_list("recorded_at", flat=True).first()
        if oldest is None or oldest > now - VERIFIED_WITHIN:
            return []
        address = reverse("admin:consent_verification_changelist")
        return [(gettext("The ledger was not verified last night."), address)]
    for run in filter(None, (whole, newest)):
        if run.outcome == Outcome.TAMPERED:
            words = gettext("Somebody has tampered with the consent records. See what was found.")
            return [(words, reverse("admin:consent_verification_change", args=[run.pk]))]
    if newest.outcome == Outcome.LATE:
        words = gettext("The last verification of the consent records found something late.")
        return [(words, reverse("admin:consent_verification_change", args=[newest.pk]))]
    return []
