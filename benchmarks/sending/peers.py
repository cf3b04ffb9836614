"""The same personal mails sent by what people send mail with; each in a process of its own.

    python benchmarks/sending/peers.py NAME PORT MESSAGES TEMPLATE

TEMPLATE is JSON: subject, text and html with ``{{ name }}`` and ``{{ leave_url }}`` in them.  The
words are put in by plain replacing, the cheapest there is; nothing is journaled, no subscriber
is read from anywhere, and every library builds and sends as its own manual shows.  So what is
measured flatters them.  Answers with JSON.

This file runs in other environments too: it imports nothing but the library that is asked for.
"""

import asyncio
import base64
import hmac
import html
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = "127.0.0.1"
SENDER = "morning@news.example.org"
CONNECTIONS = 10


@dataclass(frozen=True)
class Mail:
    """What one person is sent."""

    to: str
    subject: str
    text: str
    html: str
    leave_url: str


def mails(template: dict[str, str], number: int) -> Iterator[Mail]:
    for n in range(number):
        name, to = f"Ada Quill {n}", f"reader-{n}@small{n % 2000}.example"
        mark = hmac.digest(b"k" * 32, to.encode(), "sha256")
        token = base64.urlsafe_b64encode(mark).decode().rstrip("=")
        holes = {"name": name, "email": to, "greeting": f"Good morning, {name}"}
        for what in ("leave", "preferences"):
            holes[f"{what}_url"] = f"https://news.example.org/{what}/{n:032x}.{token}"
        text, page = template["text"], template["html"]
        for hole, value in holes.items():
            text = text.replace(f"{{{{ {hole} }}}}", value)
            page = page.replace(f"{{{{ {hole} }}}}", html.escape(value))
        yield Mail(to, template["subject"], text, page, holes["leave_url"])


def message(mail: Mail) -> EmailMessage:
    made = EmailMessage(policy=SMTP.clone(max_line_length=76))
    made["From"] = f"The Daily <{SENDER}>"
    made["To"] = mail.to
    made["Subject"] = mail.subject
    made["List-Unsubscribe"] = f"<{mail.leave_url}>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.text)
    if mail.html:
        made.add_alternative(mail.html, subtype="html")
    return made


# ---------------------------------------------------------------------- peers


def by_smtplib(port: int, waiting: Iterator[Mail]) -> None:
    import smtplib

    with smtplib.SMTP(HERE, port, local_hostname="bench.example") as client:
        for mail in waiting:
            client.send_message(message(mail), SENDER, [mail.to])


async def _at_once(port: int, work: Callable[[Any], Any]) -> None:
    import aiosmtplib

    async def one() -> None:
        client = aiosmtplib.SMTP(
            hostname=HERE, port=port, local_hostname="bench.example", start_tls=False
        )
        async with client:
            await work(client)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def by_aiosmtplib(port: int, waiting: Iterator[Mail]) -> None:
    async def work(client: Any) -> None:
        for mail in waiting:
            await client.send_message(message(mail), sender=SENDER, recipients=[mail.to])

    asyncio.run(_at_once(port, work))


def by_aiosmtplib_octets(port: int, waiting: Iterator[Mail]) -> None:
    """Ready-made octets, the same each time: what `sendmail` alone costs."""
    ready = message(next(waiting)).as_bytes()

    async def work(client: Any) -> None:
        for mail in waiting:
            await client.sendmail(SENDER, [mail.to], ready)

    asyncio.run(_at_once(port, work))


def by_django(port: int, waiting: Iterator[Mail]) -> None:
    # By name: it is in an environment of its own only.
    import_module("django.conf").settings.configure(EMAIL_HOST=HERE, EMAIL_PORT=port)
    django = import_module("django.core.mail")
    with django.get_connection("django.core.mail.backends.smtp.EmailBackend") as connection:
        for mail in waiting:
            made = django.EmailMultiAlternatives(
                mail.subject,
                mail.text,
                f"The Daily <{SENDER}>",
                [mail.to],
                headers={
                    "List-Unsubscribe": f"<{mail.leave_url}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                },
                connection=connection,
            )
            if mail.html:
                made.attach_alternative(mail.html, "text/html")
            made.send()


PEERS: dict[str, Callable[[int, Iterator[Mail]], None]] = {
    "smtplib": by_smtplib,
    "aiosmtplib": by_aiosmtplib,
    "aiosmtplib-octets": by_aiosmtplib_octets,
    "django": by_django,
}
#: In words; nodemailer is a program of Node's, beside this file.
NAMES = {
    "aiosmtplib": f"aiosmtplib send_message, {CONNECTIONS} connections",
    "aiosmtplib-octets": f"aiosmtplib sendmail, ready octets, {CONNECTIONS} connections",
    "smtplib": "smtplib send_message, one connection",
    "django": "Django EmailMultiAlternatives, one connection",
    "nodemailer": f"nodemailer pool, {CONNECTIONS} connections",
}

# ------------------------------------------------------------- where they are


class Missing(Exception):
    """A peer that cannot be had here: the words say what is missing."""


def command_of(name: str, build: Path) -> list[str]:
    """The command that runs a peer; Django and nodemailer are installed under *build* first.

    Raises:
        Missing: it is not to be had.
    """
    if name == "nodemailer":
        node = shutil.which("node")
        if node is None:
            raise Missing("no node here (Debian: apt-get install nodejs npm)")
        return [node, str(_node_folder(build) / "nodemailer.mjs")]
    python = _django_python(build) if name == "django" else sys.executable
    return [python, __file__, name]


def _django_python(build: Path) -> str:
    folder = build / "django"
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        print("installing Django (once)", file=sys.stderr)
        steps = [
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "django>=5"],
        ]
        _installed(steps, folder, "Django")
    return str(python)


def _node_folder(build: Path) -> Path:
    folder, here = build / "nodemailer", Path(__file__).parent
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("no npm here (Debian: apt-get install npm)")
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "nodemailer.mjs"):
        shutil.copy(here / file, folder)
    if not (folder / ".installed").exists():
        print("installing nodemailer (once)", file=sys.stderr)
        quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        _installed([[npm, "install", "--prefix", str(folder), *quiet]], folder, "nodemailer")
    return folder


def _installed(steps: list[list[str]], folder: Path, name: str) -> None:
    for step in steps:
        if subprocess.run(step, stdout=sys.stderr, check=False).returncode:
            raise Missing(f"{name} could not be installed")
    (folder / ".installed").touch()


def main() -> None:
    name, port, number, template = sys.argv[1:]
    ready = mails(json.loads(Path(template).read_text()), int(number))
    begun, cpu = time.perf_counter(), time.process_time()
    PEERS[name](int(port), ready)
    spent = {"s": time.perf_counter() - begun, "cpu_s": time.process_time() - cpu}
    print(json.dumps(spent | {"python": sys.version.split()[0], "pid": os.getpid()}))


if __name__ == "__main__":
    main()
