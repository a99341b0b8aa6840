"""The walk of `tests.journeys.walk` on real processes: web, worker, beat, broker, SMTP."""

import re

import pytest

from bookings.models import Consultation
from clinic import clock
from clinic.management import demo_catalogue
from tests import processes
from tests.journeys.walk import walk

pytestmark = pytest.mark.empty_clinic


def texts_to(sink, email: str) -> list[str]:
    return [
        message.get_body(("plain",)).get_content()
        for message in list(sink.messages)
        if email in message["To"]
    ]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_patient_without_javascript_books_and_is_written_to(
    committed_db, live_site, worker, smtp_sink, language
):
    demo_catalogue.load(now=clock.now())
    email = f"walk-{language}@example.com"

    def code() -> str:
        processes.wait_until(lambda: texts_to(smtp_sink, email), what="the code")
        return re.search(r"\b\d{6}\b", texts_to(smtp_sink, email)[0])[0]

    visitor = walk(live_site, language=language, email=email, code=code)
    booked = Consultation.objects.get(email=email)
    assert (booked.status, booked.language, booked.mobile.as_e164) == (
        "confirmed",
        language,
        "+971501234567",
    )
    assert booked.grouped_reference in visitor.page.get_text()
    processes.wait_until(lambda: len(texts_to(smtp_sink, email)) == 2, what="the confirmation")
    for text in texts_to(smtp_sink, email):
        arabic = len(re.findall(r"[\u0600-\u06ff]", text))
        assert (arabic > 200) == (language == "ar"), text
    assert booked.grouped_reference in texts_to(smtp_sink, email)[1]
