"""The public check of a receipt: whether it is ours, and nothing else."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.receipts import in_groups
from consent.checking import check
from consent.forms import ReceiptForm


@never_cache
@require_safe
def receipt(request: HttpRequest) -> HttpResponse:
    """A receipt's code is typed, pasted, or comes with the QR code's address. It changes nothing."""
    if "r" not in request.GET:
        return render(request, "consent/receipt.html", {"form": ReceiptForm()})
    form = ReceiptForm(request.GET)
    if not form.is_valid():
        return render(request, "consent/receipt.html", {"form": form}, status=400)
    checked = check(form.cleaned_data["r"])
    context = {
        "form": ReceiptForm(),
        "check": checked,
        "record": in_groups(checked.receipt.entry_hash),
        "key": in_groups(checked.receipt.key_id),
        "proof": json.dumps(checked.proof, indent=2),
    }
    return render(request, "consent/receipt.html", context)
