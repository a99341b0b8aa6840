"""`manage.py ledger_key`: a new key to sign the ledger with."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand

from consent.ledger import keys


class Command(BaseCommand):
    help = "Make a key for LEDGER_KEY and print it as a line of an .env file. It is kept nowhere."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        key = Ed25519PrivateKey.generate()
        public = keys.public_bytes(key)
        self.stdout.write(f"LEDGER_KEY={base64.b64encode(key.private_bytes_raw()).decode()}")
        self.stdout.write(f"# its public key:  {public.hex()}")
        self.stdout.write(f"# its fingerprint: {keys.key_id_of(public)}")
