"""The check of a receipt: whether the clinic signed it, and the proof that its record is in the ledger."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings.receipts import PATTERN, Receipt
from clinic.api.asking import checked_query
from clinic.api.problems import refusals
from consent.checking import Check, check


class ReceiptState(models.TextChoices):
    """What can be said about a receipt."""

    IN_THE_LEDGER = "in_the_ledger", _("signed by us, in the ledger")
    WAITING = "waiting", _("signed by us, in the ledger within a minute")
    MISSING = "missing", _("signed by us, but its record is not there")
    UNKNOWN = "unknown", _("not known")


class ReceiptAsked(serializers.Serializer):
    """The receipt's code, as its QR code and its address have it."""

    r = serializers.RegexField(rf"^{PATTERN}\Z", help_text="171 letters.")


class ProofShape(serializers.Serializer):
    """An inclusion proof (RFC 9162 section 2.1.3). The leaf is SHA-256(0x00 || the record's hash)."""

    index = serializers.IntegerField()
    size = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    head = serializers.CharField(help_text="What the clinic signed: the tree's size and root.")
    signature = serializers.CharField(help_text="Ed25519, base64url, of the head's bytes.")
    key = serializers.CharField(help_text="SHA-256 of the public key.")


class ReceiptShape(serializers.Serializer):
    """The answer. It tells nothing about the patient or the visit."""

    state = serializers.ChoiceField(ReceiptState.choices)
    entry_hash = serializers.CharField()
    key = serializers.CharField()
    proof = ProofShape(allow_null=True)


class Receipts(APIView):
    @extend_schema(
        operation_id="receipt",
        parameters=[ReceiptAsked],
        responses={200: ReceiptShape, **refusals(400)},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Checks a receipt. Anybody may; it changes nothing."""
        receipt = Receipt.read(checked_query(ReceiptAsked, request)["r"])
        assert receipt is not None  # the shape saw to it
        found = check(receipt)
        return Response(
            ReceiptShape(
                {
                    "state": _state(found),
                    "entry_hash": receipt.entry_hash,
                    "key": receipt.key_id,
                    "proof": found.proof,
                }
            ).data
        )


def _state(found: Check) -> ReceiptState:
    if found.is_there:
        return ReceiptState.IN_THE_LEDGER if found.proof else ReceiptState.WAITING
    return ReceiptState.MISSING if found.is_ours else ReceiptState.UNKNOWN
