"""The project's addresses: `/` English, `/ar/` Arabic, `/api/` the JSON API."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

import bookings.admin
import consent.admin
import consent.views
from bookings import own_page
from bookings.views import health
from clinic import inbox, views
from clinic.admin import desk

# The desk's front page: what waits in each app's rooms.
desk.cards = [
    *(consent.admin.ledger_cards, bookings.admin.message_cards),  # alarms first
    *(bookings.admin.cards, consent.admin.cards),
    *(consent.admin.keeping_cards, bookings.admin.sample_cards, bookings.admin.feed_cards),
]
desk.notes = [consent.admin.asked_again_notes, consent.admin.keeping_notes]
desk.banners = [bookings.admin.banners]
bookings.admin.samples.others = [consent.admin.staff_samples]
# The patient's own page: what each app offers there.
own_page.others = [consent.views.notes_for, consent.views.erasure_notes]

handler500 = views.went_wrong
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("healthz/messages", health.messages, name="healthz_messages"),
    path("metrics", health.metrics, name="metrics"),
    path("api/", include("bookings.api.urls")),
    path("api/", include("consent.api.urls")),
    path("api/", include("clinic.api.urls")),  # last: it answers for every other address too
]
urlpatterns += i18n_patterns(
    path("", include("bookings.urls")),
    path("", include("consent.urls")),
    path("admin/", desk.urls),
    path("inbox/", inbox.inbox, name="inbox"),  # these four: in the demo only
    path("inbox/<str:name>/", inbox.message, name="inbox_message"),
    path("inbox/<str:name>/html/", inbox.message_html, name="inbox_message_html"),
    path("inbox/<str:name>/<int:number>/", inbox.attachment, name="inbox_attachment"),
    prefix_default_language=False,
)
