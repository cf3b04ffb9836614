"""What config.toml says about those who read: joining, what comes back, what is kept how long."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from digest.addresses import parse_domain
from digest.settings.parts import ADDRESS, WEB, Line, Secret, Table, fits


def _domain(name: str) -> str:
    try:
        return parse_domain(name)
    except ValueError as error:
        raise ValueError("wants a domain such as example.org") from error


Domain = Annotated[str, AfterValidator(_domain)]

#: Before the @ of an address that +TOKEN is added to.  RFC 5321 §4.5.3.1.1 leaves 64 octets; the
#: + and the token have 33 of them.
_LOCAL = r"[A-Za-z0-9._=+-]{0,30}[A-Za-z0-9._=-]"

#: What any public key over P-256 begins with in DER (RFC 5480): the kind, the curve, a point.
_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P256_OCTETS = 91


def _verification_key(text: str) -> str:
    # As some programs show it, with the lines of PEM around.
    bare = "".join(re.sub(r"-----[A-Z ]{1,40}-----", "", text).split())
    try:
        octets = b64decode(bare, validate=True)
    except (NotBase64, ValueError):
        octets = b""
    if text and not (octets.startswith(_P256) and len(octets) == _P256_OCTETS):
        raise ValueError("wants the whole verification key, as SendGrid shows it")
    return text


class Audience(Table):
    """[audience]: how people join."""

    #: Anybody may sign up on the pages; false leaves imports and `digest subscribers add`.
    sign_up: bool = True
    #: A confirmation link is good so long; whoever has not used it by then is forgotten.
    confirm_days: int = Field(default=7, ge=1, le=60)
    #: If any: only addresses of these domains, and of those below them, may sign up.
    allow_domains: tuple[Domain, ...] = Field(default=(), strict=False, examples=[["example.org"]])
    #: Addresses of these domains, and of those below them, may not sign up.
    block_domains: tuple[Domain, ...] = Field(default=(), strict=False, examples=[["mail.example"]])
    #: Sites that may show the sign-up form in their own pages.
    embed_on: tuple[Annotated[str, fits(WEB, "https:// and a host, without a path")], ...] = Field(
        default=(), strict=False, examples=[["https://www.example.org"]]
    )
    #: Of the network address that somebody agreed from: none of it, its network, or all of it.
    keep_network: Literal["none", "masked", "full"] = "none"
    #: Sign-ups taken in an hour from one network (an IPv4 /24 or an IPv6 /48), and in all.
    network_per_hour: int = Field(default=20, ge=1)
    total_per_hour: int = Field(default=2000, ge=1)


class Returns(Table):
    """[returns]: what comes back: bounces, complaints, mails that mean "unsubscribe"."""

    #: Bounces go there, to bounces+TOKEN@…, so that each says whose it is; "" leaves
    #: [mail] from_address, and a relay's webhook or nothing to tell of them.
    address: Annotated[
        str,
        fits(
            rf"({_LOCAL}@[^\s@<>\x00-\x1f\x7f]+)?",
            "a mail address alone, with 31 letters, digits and . _ = + - at most before the @ "
            "(+TOKEN is added to them)",
        ),
    ] = Field(default="", examples=["bounces@example.org"])
    #: A mail to it ends a subscription; told to mail programs beside the link.
    leave_address: Annotated[str, fits(f"({ADDRESS})?", "a mail address alone")] = Field(
        default="", examples=["leave@example.org"]
    )
    #: The mailbox that both of them end in: imaps://USER@HOST/FOLDER, or a Maildir at *path*;
    #: with neither, pipe each mail into `digest bounces take`.
    url: Annotated[str, fits(r"(imaps?://[^\s/]+@[^\s/@]+(/\S*)?)?", "a mailbox and its user")] = (
        Field(default="", examples=["imaps://bounces@mail.example.org/INBOX"])
    )
    path: Path | None = Field(default=None, strict=False, examples=["/var/mail/bounces"])
    password: Secret | None = Field(default=None, examples=[{"env": "DIGEST_RETURNS_PASSWORD"}])
    every_min: int = Field(default=5, ge=1, le=1440)
    #: Soft bounces on so many days, within so many days and nothing delivered since: the
    #: mailbox is given up.
    soft_days: int = Field(default=5, ge=2, le=60)
    within_days: int = Field(default=30, ge=2, le=365)


class Hooks(Table):
    """[hooks]: relays that report bounces and complaints over HTTP, to /hooks/NAME."""

    #: Amazon SES through SNS: ARNs of the topics that may tell.
    ses_topics: tuple[
        Annotated[str, fits(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+", "the ARN of a topic")],
        ...,
    ] = Field(
        default=(), strict=False, examples=[["arn:aws:sns:eu-west-1:123456789012:digest-bounces"]]
    )
    #: Postmark: the password of the address it calls, https://digest:PASSWORD@…/hooks/postmark
    postmark: Secret | None = Field(default=None, examples=[{"env": "DIGEST_POSTMARK_PASSWORD"}])
    #: Mailgun: its "HTTP webhook signing key".
    mailgun: Secret | None = Field(default=None, examples=[{"env": "DIGEST_MAILGUN_KEY"}])
    #: SendGrid: the "verification key" of its signed event webhook; public.
    sendgrid: Annotated[Line, AfterValidator(_verification_key)] = Field(
        default="",
        examples=[
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAECAwQFBgcICQoLDA0ODxAREh"
            "MUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
        ],
    )


class Privacy(Table):
    """[privacy]: how long what is about people is kept; then a job of the clock's deletes it."""

    #: Whoever has no subscription any more is forgotten after so long: all but the fact that
    #: they are not to be imported again.
    keep_ended_days: int = Field(default=365, ge=0)
    #: To whom an edition went, and what the relay said.
    keep_deliveries_days: int = Field(default=400, ge=7)
    keep_bounces_days: int = Field(default=180, ge=30)
    #: What the newsroom did to whom.
    keep_audit_days: int = Field(default=1095, ge=30)
