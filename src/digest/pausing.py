"""Sending an edition waits for a person, and goes on; why it waits; the desk is told by mail.

Behind the door: the note in the edition's row, and mails to the desk.  Not behind it: why it is
paused, which `deliver`, `jobs` and people decide, and stopping: whoever sends asks for the note
before each window.
"""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from digest.app import App
from digest.errors import ConfigError, Conflict, DigestError
from digest.mail.pacing import Pacing
from digest.model import EditionState
from digest.render.quoted import address_spec, mailbox_header, quoted_printable, text_header
from digest.slots import opens_at
from digest.store import editions, paces
from digest.store.editions import Record
from digest.telemetry import log, masked

#: States in which something is still to be sent.
_GOING = (EditionState.APPROVED, EditionState.SENDING)
#: A notice is worth no longer wait: whoever pauses has more to do.
_NOTICE_S = 60.0


async def pause(app: App, edition_id: str, why: str, *, by_hand: bool = False) -> None:
    """Let nothing more of an edition leave until somebody resumes it; tell the desk.

    Paused a second time it keeps its reason, and nobody is told again.

    Args:
        why: for the operator, with what to do; no person's address.
        by_hand: somebody wants it so: nothing is amiss.

    Raises:
        NotFound: there is no such edition.
        Conflict: nothing of it is to be sent.
    """
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        if record.state not in _GOING:
            raise Conflict(f"edition {edition_id} is {record.state}: there is nothing to pause")
        if record.paused:
            return
        await editions.set_paused(conn, edition_id, why)
    # An edition's id looks like an address.
    reason = masked(why.replace(edition_id, "EDITION"))
    tell = log.info if by_hand else log.error
    tell("sending is paused", edition=edition_id, reason=reason)
    text = (
        f"{edition_id} waits for you.\n\nWhy: {why}\n\n"
        f"`digest resume {edition_id}` lets it go on; `digest cancel {edition_id}` ends it; "
        "`digest status` shows where it stands."
    )
    await notify(app, f"Sending of {edition_id} is paused", text)


async def resume(app: App, edition_id: str) -> None:
    """Let a paused edition go on, however late it is: out of date, it has `expires_h` from now.

    Raises:
        NotFound: there is no such edition.
        Conflict: it is not paused, or nothing of it is to be sent any more.
    """
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        if record.state not in _GOING:
            raise Conflict(f"edition {edition_id} is {record.state}: there is nothing to resume")
        if not record.paused:
            raise Conflict(f"edition {edition_id} is not paused")
        await editions.set_paused(conn, edition_id, "")
        # Of one that nobody was frozen for it says, too, that a person wants it all the same.
        if record.expires_at is None or record.expires_at <= app.now():
            late = timedelta(hours=app.newsletter(record.newsletter).expires_h)
            await editions.set_expires(conn, edition_id, app.now() + late)
    log.info("sending goes on", edition=edition_id)


# ----------------------------------------------------------------- why it waits


async def held_up(app: App, record: Record, *, pending: int) -> str:
    """Why nothing more of an edition leaves now, and what ends that; "" where nothing is known.

    It is paused, the hours of [pace] are over, or today's share of the warm-up plan is used up.
    """
    if record.state not in _GOING:
        return ""
    if record.paused:
        return f"paused: {record.paused}; `digest resume {record.id}`"
    if not pending:
        return ""
    now, pace = app.now(), app.settings.pace
    opens = opens_at(pace.window, pace.timezone, now)
    if opens is not None:
        local = opens.astimezone(ZoneInfo(pace.timezone))
        return f"nothing leaves before {local:%H:%M} {pace.timezone} ([pace] window)"
    return await _warm_up_over(app, now)


async def _warm_up_over(app: App, now: datetime) -> str:
    """That no relay may be given more today, if that is so."""
    mail, relays = app.settings.mail, app.settings.relays
    if not any(one.warm_up_from for one in relays or (mail,)):
        return ""
    # As it was written down by whoever sends, which need not be us.
    pacing = Pacing(app.settings)
    async with app.db.read() as conn:
        pacing.restore(await paces.load(conn))
    standing = [one for one in pacing.standings(now) if one.kind == "relay"]
    used = {one.name for one in relays if not one.standby} or {standing[0].name}
    left = [
        # Each of several processes has a share of its own, rounded down.
        one.allowed_today is None or one.allowed_today - (one.sent_today or 0) >= mail.processes
        for one in standing
        if one.name in used
    ]
    if any(left):
        return ""
    numbers = ", ".join(
        f"{one.name}: {one.sent_today:,} of {one.allowed_today:,}"
        for one in standing
        if one.name in used
    )
    return f"today's share of the warm-up plan is used up ({numbers}); the next begins at 00:00 UTC"


# ------------------------------------------------------------------ mail to the desk


async def notify(app: App, subject: str, text: str) -> None:
    """Mail *text* to [desk] email if there is one; what goes wrong is only logged."""
    to = app.settings.desk.email
    if not to:
        return
    try:
        # Each is its own: the same trouble on another day is news again.
        id = f"notice.{secrets.token_hex(12)}"
        message = desk_mail(app, subject=subject, at=app.now(), id=id, parts={"plain": text})
        async with asyncio.timeout(_NOTICE_S), app.transport() as transport:
            await transport.send(
                message, sender=app.settings.mail.from_address, to=to, started=lambda: None
            )
    except (DigestError, OSError, TimeoutError) as error:
        log.error("the desk could not be told", subject=masked(subject), reason=masked(str(error)))


def desk_mail(app: App, *, subject: str, at: datetime, id: str, parts: Mapping[str, str]) -> bytes:
    """A mail to [desk] email: finished MIME, every line ending in CRLF.

    Args:
        at: its Date.
        id: left part of its Message-ID.
        parts: "plain" and perhaps "html" → text; what one reader shows best comes last.

    Raises:
        ConfigError: [desk] email or [mail] from_address cannot stand in a header.
    """
    mail, to = app.settings.mail, app.settings.desk.email
    sender, receiver = address_spec(mail.from_address), address_spec(to)
    if sender is None or receiver is None:
        raise ConfigError([f"{to if sender else mail.from_address!r} is no address for a header"])
    # "=_" cannot occur in quoted-printable text, so no line can be taken for the boundary.
    boundary = f"=_{id.rpartition('.')[2]}"
    head = [
        mailbox_header("From", mail.from_name or app.settings.site.name, sender),
        mailbox_header("To", "", receiver),
        text_header("Subject", subject),
        f"Date: {format_datetime(at)}\r\n".encode("ascii"),
        f"Message-ID: <{id}@{sender.rpartition('@')[2]}>\r\n".encode("ascii"),
        # RFC 3834: no holiday notice comes back.
        b"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
    ]
    bodies = [
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")
        + quoted_printable(text.strip("\n") + "\n")
        + b"\r\n"
        for subtype, text in parts.items()
    ]
    if len(bodies) == 1:
        return b"".join([*head, *bodies])
    head.append(
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode("ascii")
    )
    marked = [f"--{boundary}\r\n".encode("ascii") + body for body in bodies]
    return b"".join([*head, *marked]) + f"--{boundary}--\r\n".encode("ascii")
