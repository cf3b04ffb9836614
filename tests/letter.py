"""A good message by hand, not by our own rendering; and ways to break it at one place."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.render.checks import lint
from digest.render.checks.findings import Report
from digest.render.quoted import quoted_printable

HEAD = """\
From: The Daily <morning@news.example.org>
To: Ann Reader <ann@example.com>
Subject: The Daily: Ferry runs again to Lower Quay
Date: Mon, 18 May 2026 04:00:00 +0000
Message-ID: <daily.2026-05-18T0700.17.0a1b2c3d4e5f@news.example.org>
List-Id: The Daily <daily.news.example.org>
List-Post: NO
List-Archive: <https://news.example.org/>
List-Unsubscribe: <https://news.example.org/leave/AbCdEfGhIjKlMnOpQrSt>,
 <mailto:leave@news.example.org?subject=leave%20AbCdEfGhIjKlMnOpQrSt>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
"""

TEXT = """\
The Daily
Monday, May 18, 2026
https://news.example.org/editions/daily/2026-05-18T0700/

Ferry runs again to Lower Quay

The ferry to Lower Quay ran again on Sunday after nine days in dock.

https://wire.example/ferry

You get this mail because ann@example.com is subscribed to The Daily.

Unsubscribe:
https://news.example.org/leave/AbCdEfGhIjKlMnOpQrSt

1 Lower Quay
12345 Port Orrin
"""

STYLE = """\
body { margin: 0; }
@media (prefers-color-scheme: dark) {
  body, .paper { background-color: #111111 !important; }
  .ink, .ink a { color: #f0f0f0 !important; }
  .quiet, .quiet a { color: #bbbbbb !important; }
}
"""

HTML = f"""\
<!doctype html>
<html lang="en" dir="ltr">
<head>
<title>The Daily: Ferry runs again to Lower Quay</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>
{STYLE}</style>
</head>
<body style="background-color:#f1eee6">
<div style="display:none;max-height:0px;overflow:hidden">Nine days in dock are over, and two boats \
run from October.</div>
<table role="presentation" class="paper" width="600" style="background-color:#ffffff"><tr><td>
<h1 class="ink" style="font-size:32px;color:#1d1b18">The Daily</h1>
<p class="quiet" style="color:#665f54">Monday, May 18, 2026 \
<a href="https://news.example.org/editions/daily/2026-05-18T0700/" style="color:#665f54">Read on \
the web</a></p>
<img src="https://news.example.org/pictures/ab.jpg" alt="A white ferry" width="544">
<h2 class="ink" style="color:#1d1b18"><a href="https://wire.example/ferry" \
style="color:#1d1b18">Ferry runs again to Lower Quay</a></h2>
<p class="ink" style="color:#35312b">The ferry to Lower Quay ran again on Sunday after nine days \
in dock.</p>
<p class="quiet" style="font-size:13px;color:#665f54">You get this mail because ann@example.com is \
subscribed to The Daily. <a href="https://news.example.org/leave/AbCdEfGhIjKlMnOpQrSt" \
style="color:#665f54">Unsubscribe</a><br>1 Lower Quay<br>12345 Port Orrin</p>
</td></tr></table>
</body>
</html>
"""

ADDRESS = "1 Lower Quay\n12345 Port Orrin"
LEAVE = "<https://news.example.org/leave/AbCdEfGhIjKlMnOpQrSt>"
TOKEN = "leave/AbCdEfGhIjKlMnOpQrSt>"
SHOWN = "https://news.example.org/pictures/ab.jpg"
BODY = "body { margin: 0; }"
UNSUBSCRIBE = 'style="color:#665f54">Unsubscribe'


@dataclass(frozen=True, kw_only=True)
class Letter:
    head: str = HEAD
    text: str = TEXT
    html: str = HTML
    #: Between the text part and the end: already encoded, with their own headers.
    pictures: tuple[str, ...] = ()

    def octets(self) -> bytes:
        head = self.head.replace("\n", "\r\n").encode()
        alternative = _multipart("alternative", "=_a", alone("plain", self.text), self._html())
        return head + alternative

    def _html(self) -> bytes:
        html = alone("html", self.html)
        if not self.pictures:
            return html
        pictures = (picture.replace("\n", "\r\n").encode() for picture in self.pictures)
        return _multipart("related", "=_r", html, *pictures)


def alone(subtype: str, text: str) -> bytes:
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + quoted_printable(text)


def _multipart(subtype: str, boundary: str, *parts: bytes) -> bytes:
    between = f"\r\n--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n'.encode()
    return head + between + between.join(parts) + f"\r\n--{boundary}--\r\n".encode()


GOOD = Letter()
PICTURE = """\
Content-Type: image/png
Content-Transfer-Encoding: base64
Content-ID: <ab-png@news.example.org>
Content-Disposition: inline; filename="ab.png"

iVBORw0KGgo=
"""

Change = Callable[[Letter], Letter | bytes]


def head(old: str, new: str) -> Change:
    return lambda good: replace(good, head=_changed(good.head, old, new))


def text(old: str, new: str) -> Change:
    return lambda good: replace(good, text=_changed(good.text, old, new))


def html(old: str, new: str) -> Change:
    return lambda good: replace(good, html=_changed(good.html, old, new))


def octets(old: bytes, new: bytes) -> Change:
    def change(good: Letter) -> bytes:
        raw = good.octets()
        assert old in raw
        return raw.replace(old, new, 1)

    return change


def _changed(whole: str, old: str, new: str) -> str:
    assert old in whole, old
    return whole.replace(old, new, 1)


def subject(value: str) -> Change:
    return head("The Daily: Ferry runs again to Lower Quay", value)


def signed(tags: str) -> Change:
    return head("List-Post: NO", f"DKIM-Signature: v=1; {tags}")


def sender(value: str) -> Change:
    return head("The Daily <morning@news.example.org>", value)


def foot(markup: str) -> Change:
    """Put *markup* where the reader of the HTML is told why the mail comes."""
    return html("</td></tr></table>", f"{markup}</td></tr></table>")


def report(letter: Letter | bytes, envelope_from: str = "") -> Report:
    raw = letter if isinstance(letter, bytes) else letter.octets()
    return lint(
        raw, envelope_to="ann@example.com", envelope_from=envelope_from, postal_address=ADDRESS
    )
