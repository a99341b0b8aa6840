"""E-mails that come to the bounce address, as mail servers write them."""

from bookings import links

AN_ADDRESS = "zubaida.canary@example.org"

POSTFIX = """\
Return-Path: <>
Delivered-To: {to}
Date: Sun, 22 Nov 2026 10:00:00 +0400 (+04)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4Cg.1/mx.example.net"
Message-Id: <4Cg@mx.example.net>

--4Cg.1/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

<zubaida.canary@example.org>: host mail.example.org[192.0.2.7] said: {words}

--4Cg.1/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4Cg
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Sun, 22 Nov 2026 09:59:58 +0400 (+04)

Final-Recipient: rfc822; zubaida.canary@example.org
Original-Recipient: rfc822;zubaida.canary@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; {words}

--4Cg.1/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <{to}>
From: Marsa Skin Clinic <clinic@example.com>
To: zubaida.canary@example.org
Subject: Your visit is confirmed
Message-ID: <1.ABCDEFGH@example.com>

Your visit is confirmed.

--4Cg.1/mx.example.net--
"""

# Word for word what Exim 4.96 made of an e-mail to a mailbox that is not there, as it gives it to a file.
EXIM = """\
From MAILER-DAEMON Sun Nov 22 17:48:49 2026
Return-path: <>
Envelope-to: {to}
Delivery-date: Sun, 22 Nov 2026 17:48:49 +0000
Received: from root by mx.example.net with local (Exim 4.96)
\tid 1xVBgH-0002l8-2W
\tfor {to};
\tSun, 22 Nov 2026 17:48:49 +0000
X-Failed-Recipients: zubaida.canary@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: {to}
References: <77.X@example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary=1795369729-eximdsn-1658494454
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1xVBgH-0002l8-2W@mx.example.net>
Date: Sun, 22 Nov 2026 17:48:49 +0000

--1795369729-eximdsn-1658494454
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  zubaida.canary@example.org
    550 5.1.1 no such user <zubaida.canary@example.org>

--1795369729-eximdsn-1658494454
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;zubaida.canary@example.org
Status: 5.0.0

--1795369729-eximdsn-1658494454
Content-type: message/rfc822

Return-path: <{to}>
Received: from root by mx.example.net with local (Exim 4.96)
\t(envelope-from <{to}>)
\tid 1xVBgH-0002l5-2I
\tfor zubaida.canary@example.org;
\tSun, 22 Nov 2026 17:48:49 +0000
From: Clinic <clinic@example.com>
To: zubaida.canary@example.org
Subject: Your visit
Message-ID: <77.X@example.com>
Date: Sun, 22 Nov 2026 17:48:49 +0000

Hello

--1795369729-eximdsn-1658494454--
"""

OUT_OF_OFFICE = """\
Return-Path: <>
From: Zubaida Canary <zubaida.canary@example.org>
To: {to}
Subject: Out of office: Your visit is confirmed
Auto-Submitted: auto-replied (vacation)
Content-Type: text/plain

I am away. Action: failed. Status: 5.1.1. Please cancel my visit.
"""

BY_HAND = """\
From: Zubaida Canary <zubaida.canary@example.org>
To: {to}
Subject: Re: Your visit is confirmed
Content-Type: text/plain

Please cancel my visit.

Final-Recipient: rfc822; zubaida.canary@example.org
Action: failed
Status: 5.1.1
"""


def report(
    message: int | str, *, action: str = "failed", status: str = "5.1.1", words: str = "550 No"
) -> bytes:
    """A delivery report on the message with this number, or that came to this address."""
    to = links.bounce_address(message) if isinstance(message, int) else message
    whole = POSTFIX.format(to=to, action=action, status=status, words=words)
    return whole.replace("\n", "\r\n").encode()


def written(text: str, message: int) -> bytes:
    return text.format(to=links.bounce_address(message)).replace("\n", "\r\n").encode()
