"""The project's addresses: `/` English, `/ar/` Arabic, `/api/` the JSON API."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from clinic import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("api/", include("bookings.api.urls")),
    path("api/", include("consent.api.urls")),
]
urlpatterns += i18n_patterns(
    path("", include("bookings.urls")),
    path("", include("consent.urls")),
    path("admin/", admin.site.urls),
    prefix_default_language=False,
)
