"""The addresses of this app's pages."""

from django.urls import URLPattern, path

from consent import views

urlpatterns: list[URLPattern] = [
    path("book/risks/<int:number>/", views.risk, name="risk"),
    path("book/check/", views.check, name="check"),
    path("receipt/", views.receipt, name="receipt"),
    path("my/acknowledged/", views.acknowledged_copy, name="acknowledged_copy"),
    path("my/acknowledged.pdf", views.acknowledged_pdf, name="acknowledged_pdf"),
]
