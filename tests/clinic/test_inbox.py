"""The demo's inbox shows what was sent, harmlessly, and is not there outside the demo."""

from email.message import EmailMessage

import pytest

NAME = "20261122T070000000000-1"


@pytest.fixture
def mail_folder(settings, tmp_path):
    settings.DEMO = True
    settings.DEMO_MAIL_FOLDER = tmp_path / "mail"
    settings.DEMO_MAIL_FOLDER.mkdir()
    return settings.DEMO_MAIL_FOLDER


@pytest.fixture
def mail(mail_folder):
    message = EmailMessage()
    message["Subject"] = "رمز التأكيد الخاص بك"
    message["From"] = "Clinic <clinic@example.com>"
    message["To"] = "patient@example.com"
    message["Date"] = "Sun, 22 Nov 2026 07:00:00 +0000"
    message.set_content("1234 <script>alert(1)</script>\nhttps://clinic.example/go/abc/")
    message.add_alternative("<p style='color: red'>1234</p>", subtype="html")
    message.add_attachment(b"BEGIN:VCALENDAR", "text", "calendar", filename='vis"it/1.ics')
    message["Content-Language"] = "ar"
    (mail_folder / f"{NAME}.eml").write_bytes(bytes(message))


@pytest.mark.django_db
def test_the_inbox_lists_what_was_sent_newest_first(client, mail, mail_folder):
    (mail_folder / "20261122T080000000000-2.eml").write_text("Subject: Later\n\nwords")
    page = client.get("/inbox/").content.decode()
    assert page.index("Later") < page.index("رمز التأكيد الخاص بك")
    assert "patient@example.com" in page
    assert "2026-11-22 07:00:00 UTC" in page


@pytest.mark.django_db
def test_a_message_is_shown_as_text_with_its_links_and_nothing_of_it_runs(client, mail):
    page = client.get(f"/inbox/{NAME}/").content.decode()
    assert 'lang="ar" dir="auto"' in page
    assert "<script" not in page
    assert 'href="https://clinic.example/go/abc/"' in page


@pytest.mark.django_db
def test_the_html_of_a_message_may_run_and_fetch_nothing(client, mail):
    response = client.get(f"/inbox/{NAME}/html/")
    assert "<p style=" in response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


@pytest.mark.django_db
def test_an_attachment_is_a_download_with_a_harmless_name(client, mail):
    page = client.get(f"/inbox/{NAME}/").content.decode()
    assert "<bdi>vis&quot;it/1.ics</bdi>" in page
    response = client.get(f"/inbox/{NAME}/1/")
    assert response.content == b"BEGIN:VCALENDAR"
    assert response.headers["Content-Type"] == "text/calendar"
    assert response.headers["Content-Disposition"] == 'attachment; filename="visit1.ics"'
    assert client.get(f"/inbox/{NAME}/2/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["none", "..", "..%2f..%2fsecret", "%00", "a" * 300])
def test_what_is_no_message_is_not_found(client, mail_folder, name):
    (mail_folder.parent / "secret.eml").write_text("Subject: secret\n\nsecret")
    assert client.get(f"/inbox/{name}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", f"{NAME}/", f"{NAME}/html/", f"{NAME}/1/"])
def test_outside_the_demo_there_is_no_inbox(client, settings, mail, path):
    settings.DEMO = False
    assert client.get(f"/inbox/{path}").status_code == 404


@pytest.mark.django_db
def test_a_picture_that_the_mail_brings_is_shown_and_another_is_not(client, mail_folder):
    message = EmailMessage()
    message.set_content("words")
    pictures = '<img src="cid:receipt"><img src="cid:nothing">'
    message.add_alternative(pictures, subtype="html")
    message.add_attachment(
        b"\x89PNG", "image", "png", disposition="inline", cid="<receipt>", filename="receipt.png"
    )
    (mail_folder / f"{NAME}.eml").write_bytes(bytes(message))
    response = client.get(f"/inbox/{NAME}/html/")
    shown = response.content.decode()
    assert 'src="data:image/png;base64,iVBORw=="' in shown and 'src="cid:nothing"' in shown
    assert "img-src data:" in response.headers["Content-Security-Policy"]
