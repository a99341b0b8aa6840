"""The addresses of this app's part of the API."""

from django.urls import path

from consent.api.acts import Decline, Wishes, Withdrawal
from consent.api.receipts import Receipts
from consent.api.risks import Acknowledge, Book, Risks
from consent.api.treatments import Treatments

urlpatterns = [
    path("treatments/", Treatments.as_view(), name="api_treatments"),
    path("receipts/", Receipts.as_view(), name="api_receipt"),
    path("consultation/risks/", Risks.as_view(), name="api_risks"),
    path("consultation/acknowledgements/", Acknowledge.as_view(), name="api_acknowledgements"),
    path("consultation/book/", Book.as_view(), name="api_book"),
    path("consultation/wishes/", Wishes.as_view(), name="api_wishes"),
    path("consultation/decline/", Decline.as_view(), name="api_decline"),
    path("consultation/withdrawal/", Withdrawal.as_view(), name="api_withdrawal"),
]
