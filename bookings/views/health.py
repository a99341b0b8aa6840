"""Signs of life of the e-mails, for machines: /healthz/messages and /metrics; no patient's data."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from bookings import health
from bookings.models import Message
from clinic import clock


@require_safe
@never_cache
def messages(request: HttpRequest) -> JsonResponse:
    """Whether e-mails go out: 503 where the oldest, or the last beat, is older than five minutes."""
    found = health.health(now=clock.now())
    answer = {
        "ok": found.is_well,
        "oldest_due_seconds": found.oldest_due_seconds,
        "last_beat_seconds": found.last_beat_seconds,
        "relay": found.relay.why or "used",
    }
    return JsonResponse(answer, status=200 if found.is_well else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of the e-mails in Prometheus' text format, for who has METRICS_TOKEN (RFC 6750).

    Without a token in the settings the page is open while developing, and is not there in production.
    """
    if not settings.METRICS_TOKEN and settings.PRODUCTION:
        return HttpResponseNotFound(content_type="text/plain")
    given = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and not constant_time_compare(
        given, f"Bearer {settings.METRICS_TOKEN}"
    ):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class Figures(Collector):
    """Reads the database when Prometheus asks, so that any process may answer for all."""

    def describe(self) -> list[Metric]:
        """Nothing is read before somebody asks."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        found = health.health(now=now)
        beat = found.last_beat_seconds
        states = _by(
            "clinic_messages",
            "E-mails due in the last 7 days, and all that are to be sent, by state",
            "state",
            health.by_state(now=now),
        )
        sent = _by(
            "clinic_messages_sent_in_the_last_hour",
            "E-mails that the mail server took in the last hour, by kind",
            "kind",
            health.sent_in_the_last_hour(now=now),
        )
        yield from (states, sent)
        for name, words, value in (
            (
                "messages_oldest_due_seconds",
                "Age of the oldest due e-mail",
                found.oldest_due_seconds,
            ),
            (
                "messages_last_beat_seconds",
                "Time since somebody asked which e-mails are owed",
                float("inf") if beat is None else beat,
            ),
            (
                "messages_needing_staff",
                "E-mails that staff have to take care of",
                Message.objects.needing_staff().count(),
            ),
            (
                "mail_relay_left_alone",
                "1 while the mail server is left alone, as it does not take e-mails",
                int(found.relay.opened_at is not None),
            ),
        ):
            yield GaugeMetricFamily(f"clinic_{name}", words, value=value)


def _by(name: str, words: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
