"""The e-mail of the day: the newest head, to the clinic's lead, who keeps it where no clerk can reach."""

from django.conf import settings
from django.core.mail import EmailMessage

from consent import ledger
from consent.models import TreeHead

WORDS = """\
This e-mail proves the state of the clinic's consent ledger. Please keep it.
It names no patient. If somebody changes or takes away an entry that is counted
here, the ledger no longer leads to the root below, and this e-mail shows it.

Entries:    {size}
Root:       {root}
Signed at:  {at} (UTC)
Key:        {key}
            (the fingerprint of the clinic's public key; it changes only when
            the clinic changes its key)

The words that were signed, on one line, and the signature (Ed25519, base64url):

{content}
{signature}
"""


def send(head: TreeHead) -> None:
    """Hand it to the mail server. Raises OSError (SMTPException is one)."""
    content = bytes(head.content).decode()
    EmailMessage(
        subject=f"Consent ledger: {head.size} entries, {head.signed_at:%Y-%m-%d}",
        body=WORDS.format(
            size=head.size,
            root=bytes(head.root).hex(),
            at=ledger.utc(head.signed_at),
            key=head.key_id,
            content=content,
            signature=ledger.signature_letters(bytes(head.signature)),
        ),
        to=settings.ANCHOR_MAIL_TO,
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
