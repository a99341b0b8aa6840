"""A time-stamping authority on the loopback (RFC 3161), which can also answer wrongly.

It writes DER by hand, so that what checks its answers shares no code with it.
"""

import datetime as dt
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from rfc3161_client._rust import parse_timestamp_request

SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
SHA256, SHA256_WITH_RSA = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11"
POLICY = "1.3.6.1.4.1.99999.1"
SEQUENCE, SET, OCTETS, TIME = 0x30, 0x31, 0x04, 0x18


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    found = bytearray([40 * first + second])
    for number in rest:
        groups = [number & 127]
        while number := number >> 7:
            groups.append(number & 127 | 128)
        found += bytes(reversed(groups))
    return der(0x06, bytes(found))


def algorithm(dotted: str) -> bytes:
    return der(SEQUENCE, oid(dotted), b"\x05\x00")


@dataclass
class Authority:
    """Its certificate and key, and how it answers: `mood` names what is wrong with its next answers."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    mood: str = ""
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def answer(self, question: bytes) -> bytes:
        self.asked.append(question)
        request = parse_timestamp_request(question)
        if self.mood == "refuses":
            return der(SEQUENCE, der(SEQUENCE, integer(2)))
        imprint, nonce = request.message_imprint.message, request.nonce
        made = dt.datetime.now(dt.UTC)
        if self.mood == "stamps something else":
            imprint = hashlib.sha256(b"something else").digest()
        if self.mood == "answers another request":
            nonce += 1
        if self.mood == "lives in another year":
            made -= dt.timedelta(days=365)
        info = der(
            SEQUENCE,
            integer(1),
            oid(POLICY),
            der(SEQUENCE, algorithm(SHA256), der(OCTETS, imprint)),
            integer(len(self.asked)),
            der(TIME, made.strftime("%Y%m%d%H%M%SZ").encode()),
            integer(nonce),
        )
        token = der(SEQUENCE, oid(SIGNED_DATA), der(0xA0, self._signed(info)))
        if self.mood == "signs badly":
            token = token[:-5] + bytes([token[-5] ^ 1]) + token[-4:]
        return der(SEQUENCE, der(SEQUENCE, integer(0)), token)

    def _signed(self, info: bytes) -> bytes:
        certificate = self.certificate.public_bytes(serialization.Encoding.DER)
        of_the_certificate = der(OCTETS, hashlib.sha256(certificate).digest())
        signing_certificate = der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, of_the_certificate)))
        attributes = b"".join(
            sorted(
                der(SEQUENCE, oid(kind), der(SET, value))
                for kind, value in (
                    (CONTENT_TYPE, oid(TST_INFO)),
                    (MESSAGE_DIGEST, der(OCTETS, hashlib.sha256(info).digest())),
                    (SIGNING_CERTIFICATE_V2, signing_certificate),
                )
            )
        )
        signature = self.key.sign(der(SET, attributes), padding.PKCS1v15(), hashes.SHA256())
        signer = der(
            SEQUENCE,
            integer(1),
            der(
                SEQUENCE,
                self.certificate.issuer.public_bytes(),
                integer(self.certificate.serial_number),
            ),
            algorithm(SHA256),
            der(0xA0, attributes),
            algorithm(SHA256_WITH_RSA),
            der(OCTETS, signature),
        )
        return der(
            SEQUENCE,
            integer(3),
            der(SET, algorithm(SHA256)),
            der(SEQUENCE, oid(TST_INFO), der(0xA0, der(OCTETS, info))),
            der(0xA0, certificate),
            der(SET, signer),
        )


def authority(name: str = "Time Stamps of the Tests") -> Authority:
    """A new one, which signs its own certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=800))
        .not_valid_after(today + dt.timedelta(days=800))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


@contextmanager
def listening(one: Authority) -> Iterator[Authority]:
    """The authority at its URL, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            question = self.rfile.read(int(self.headers["Content-Length"]))
            if one.mood == "hangs":
                one.ended.wait(60)
                return
            if one.mood == "is broken":
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            if one.mood == "talks nonsense":
                self.wfile.write(b"<html>Sign in to the network</html>")
            elif one.mood == "never ends":
                self.wfile.write(bytes(1_000_000))
            elif one.mood == "dribbles":
                while not one.ended.is_set():
                    self.wfile.write(b"0")
                    time.sleep(0.1)
            else:
                self.wfile.write(one.answer(question))

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                pass  # who asked has gone

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one.url = f"http://127.0.0.1:{server.server_address[1]}/tsr"
    try:
        yield one
    finally:
        one.ended.set()
        server.shutdown()
        server.server_close()
