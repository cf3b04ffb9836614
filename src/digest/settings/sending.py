"""What config.toml says about sending: the ways out, how fast, and with whose signature."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from digest.settings.parts import ADDRESS, WEB, Host, Line, Secret, Slug, Table, Zone, fits
from digest.settings.readers import Domain

#: "06:00-22:00"; one that ends before it begins goes over midnight.
Hours = Annotated[
    str,
    fits(r"(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?", "two clocks, such as 06:00-22:00"),
]


def _apart(hours: str) -> str:
    begins, _, ends = hours.partition("-")
    if hours and begins == ends:
        raise ValueError("wants two different clocks")
    return hours


Window = Annotated[Hours, AfterValidator(_apart)]


Way = Literal["embedded", "smtp", "lmtp", "sendmail", "folder", "ses", "postmark", "mailgun"]


class Relay(Table):
    """One way out of the house."""

    #: embedded: a relay inside Digest keeps the mails in a Maildir; smtp, lmtp: yours; sendmail:
    #: a program of this machine; ses, postmark, mailgun: over HTTP; folder: files.
    by: Way = "embedded"
    host: Host = Field(default="", examples=["mail.example.org"])
    port: int = Field(default=587, ge=1, le=65535)
    #: smtp, lmtp: a Unix socket instead of host and port.
    socket: Path | None = Field(default=None, strict=False, examples=["/run/postfix/submission"])
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    #: Certificates that are believed besides the system's, in one file (PEM).
    ca_file: Path | None = Field(default=None, strict=False, examples=["relay-ca.pem"])
    username: str = Field(default="", examples=["digest"])
    #: xoauth2: the access token, read anew for each connection.  ses: the secret access key
    #: (username: its id).  postmark: the server token.  mailgun: the sending key.
    password: Secret | None = Field(default=None, examples=[{"env": "DIGEST_SMTP_PASSWORD"}])
    #: auto takes the strongest that both sides know; xoauth2 never by itself.
    auth: Literal["auto", "plain", "login", "cram-md5", "xoauth2"] = "auto"
    #: The name this machine gives in EHLO; "" takes the sender's domain.
    ehlo_name: Host = Field(default="", examples=["digest.example.org"])
    #: sendmail: the program and its arguments; Digest adds -f SENDER -- RECIPIENT.
    command: tuple[str, ...] = Field(
        default=("/usr/sbin/sendmail", "-i"), strict=False, min_length=1
    )
    #: ses: such as eu-west-1.
    region: Annotated[str, fits(r"[a-z0-9-]*", "a region such as eu-west-1")] = Field(
        default="", examples=["eu-west-1"]
    )
    #: mailgun: the sending domain.
    domain: Host = Field(default="", examples=["mg.example.org"])
    #: ses, postmark, mailgun: another address than the provider's usual one, such as Mailgun's
    #: in Europe.
    api_url: Annotated[
        str, fits(f"({WEB}(/\\S*[^\\s/])?)?", "http:// or https:// and no slash at the end")
    ] = Field(default="", examples=["https://api.eu.mailgun.net"])
    #: postmark: the message stream.
    stream: Slug = "broadcast"
    #: At once, of each process; after a kill at most one message of each is in doubt (with BDAT
    #: bdat_window).
    connections: int = Field(default=8, ge=1, le=500)
    #: Messages on one connection before a new one is made; 0: as many as the relay takes.
    per_connection: int = Field(default=0, ge=0)
    #: One round trip a message where the relay offers PIPELINING; false: four.
    pipelining: bool = True
    #: Several messages on their way on one connection where the relay offers CHUNKING (BDAT): so
    #: many; 0 never.
    bdat_window: int = Field(default=4, ge=0, le=32)
    #: For one answer.
    timeout_s: float = Field(default=60.0, gt=0, le=600)
    #: 0 sends as fast as the relay takes it.
    max_per_minute: int = Field(default=0, ge=0)
    #: The first day (UTC) of a plan that makes a new sending address known: none before it, so
    #: many mails on it, more each day by the same factor; after the last day it bounds nothing.
    warm_up_from: date | None = Field(default=None, examples=[date(2026, 6, 1)])
    warm_up_first: int = Field(default=200, ge=1)
    warm_up_last: int = Field(default=200_000, ge=1)
    warm_up_days: int = Field(default=42, ge=2, le=365)


class NamedRelay(Relay):
    """[[relays]]: several ways out, instead of the one in [mail]."""

    name: Slug = Field(examples=["first"])
    by: Way = "smtp"
    #: Its share of the mails, beside the others' that are up.
    weight: int = Field(default=1, ge=1, le=1000)
    #: Only used while all others are down, or refuse everybody; not when their day's share is used
    #: up.
    standby: bool = False


class Mail(Relay):
    """[mail]: who sends, and the way out of the house."""

    from_address: Annotated[str, fits(ADDRESS, "a mail address alone")] = "digest@example.org"
    #: "" takes the newsletter's title.
    from_name: Line = Field(default="", examples=["The Daily"])
    reply_to: Annotated[str, fits(f"({ADDRESS})?", "a mail address alone")] = Field(
        default="", examples=["editor@example.org"]
    )
    #: Asked about domains, as HOST or HOST:PORT; "" asks those of this machine.
    nameserver: Annotated[str, fits(r"[^\s/]*", "a host, or host:port")] = Field(
        default="", examples=["127.0.0.1:5353"]
    )
    #: Processes that send one edition; limits are shared out among them, connections are not.
    processes: int = Field(default=1, ge=1, le=16)
    #: People whose intent is committed together before any of their mails leaves; three such
    #: windows of a chunk are open at most.
    window: int = Field(default=400, ge=1, le=1000)
    #: Times one person is tried when the relay says "later".
    attempts: int = Field(default=12, ge=1, le=50)
    #: Before the second try; each further one waits twice as long, to an hour.
    retry_s: float = Field(default=60.0, ge=0)
    #: hold: list by name and wait for you; resend: send the same message again.
    on_doubt: Literal["hold", "resend"] = "hold"


class Lane(Table):
    """[[pace.lanes]]: people whose mail ends at one provider, and how fast they are written to."""

    #: gmail, outlook, yahoo and icloud are known: naming one sets its pace.
    name: Slug = Field(examples=["gmail"])
    #: Of the recipients' addresses.
    domains: tuple[Domain, ...] = Field(default=(), strict=False, examples=[["gmail.com"]])
    #: What the names of their mail exchangers end in.
    mx: tuple[Domain, ...] = Field(default=(), strict=False, examples=[["google.com"]])
    #: 0: as fast as they take it.  Any lane is slowed down by itself when its provider asks for it.
    max_per_minute: int = Field(default=0, ge=0)


class Pace(Table):
    """[pace]: how fast, to whom, when."""

    #: To all people of any one domain that has no lane of its own; 0: no limit.
    per_domain_per_minute: int = Field(default=0, ge=0)
    #: Ask DNS whose mail exchangers a domain has, so that it shares its provider's lane.
    resolve_mx: bool = True
    #: Of editions nothing leaves at other times; "": always.  Clocks of *timezone*.  What somebody
    #: has just asked for, such as the mail that confirms a sign-up, goes at once.
    window: Window = Field(default="", examples=["06:00-22:00"])
    timezone: Zone = Field(default="UTC", examples=["Europe/Dublin"])
    #: After ten minutes without a mail a relay's limit is reached step by step, within so many; 0:
    #: at once.
    slow_start_min: float = Field(default=0.0, ge=0, le=1440)
    #: When of its last so many answers such a share is "no" or "later" in the same words, a relay
    #: is not used for an hour; when no other is left, sending is paused.
    storm_after: int = Field(default=50, ge=10, le=1000)
    storm_share: float = Field(default=0.5, gt=0, le=1)
    lanes: tuple[Lane, ...] = Field(default=(), strict=False)


class Dkim(Table):
    """[[dkim]]: a key that every mail is signed with (RFC 6376); `digest dkim new` makes one."""

    selector: Annotated[
        str,
        fits(
            r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
            "small letters, digits and hyphens",
        ),
    ] = Field(examples=["d2026"])
    #: The private key, PEM: RSA of 2048 bits or more, or Ed25519.
    key: Secret = Field(examples=[{"file": "data/dkim/d2026.pem"}])
    #: "" takes the domain of [mail] from_address.
    domain: Host = Field(default="", examples=["example.org"])
