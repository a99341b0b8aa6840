"""The addresses of this app's pages."""

from django.urls import URLPattern, path

from consent import views

urlpatterns: list[URLPattern] = [
    # On the road to a booking.
    path("book/risks/<int:number>/", views.risk, name="risk"),
    path("book/risks/<int:number>/talk/", views.talked, name="talked"),
    path("book/read-out/", views.read_out, name="read_out"),
    path("book/check/", views.check, name="check"),
    path("book/stop/", views.decline, name="decline"),
    path("book/stopped/", views.declined, name="declined"),
    # For whoever holds a receipt.
    path("receipt/", views.receipt, name="receipt"),
    # On the person's own page, for a visit that is booked.
    path("my/acknowledged/", views.acknowledged_copy, name="acknowledged_copy"),
    path("my/erase/", views.erase, name="mine_erase"),
    path("my/acknowledged.pdf", views.acknowledged_pdf, name="acknowledged_pdf"),
    path("my/withdraw/", views.withdraw, name="withdraw"),
    path("my/risks/", views.risks_again, name="risks_again"),
    path("my/risks/<int:number>/", views.risk_again, name="risk_again"),
    path("my/risks/<int:number>/talk/", views.talked_again, name="talked_again"),
    path("my/risks/read-out/", views.read_out_again, name="read_out_again"),
    path("my/risks/check/", views.check_again, name="check_again"),
    path("my/risks/stop/", views.decline_again, name="decline_again"),
]
