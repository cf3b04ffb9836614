"""Rules between the keys of [mail], [[relays]], [pace] and [[dkim]]: what cannot be meant.

Pure, like `faults`, whose words they are told in.  Some of it would show in the first sending, as
a relay that cannot be used; some, such as a limit that nobody reads, would never show.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address

from digest.settings.naming import (
    Fault,
    Row,
    dotted,
    example,
    repeated,
    rows_of,
    shown,
    texts_of,
    value_at,
)
from digest.settings.parts import Place
from digest.settings.sending import Relay

#: What a way out cannot do without; postmark's and mailgun's key is their password.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "smtp": ("host",),
    "lmtp": ("host",),
    "ses": ("region", "username", "password"),
    "postmark": ("password",),
    "mailgun": ("domain", "password"),
}
_SMTP = ("smtp", "lmtp")
#: They keep what they are given.
_KEEPING = ("embedded", "folder")
#: Lanes that are known by themselves: `mail.lanes`.
_LANES = ("gmail", "outlook", "yahoo", "icloud")
#: Of a relay's keys those that [mail] says for all of [[relays]].
_FOR_ALL = frozenset(("ehlo_name",))


def sending_faults(document: Row) -> Iterator[Fault]:
    """Everything in *document*, as TOML held it, that the ways out and their pace cannot be."""
    mail, relays = document.get("mail"), rows_of(document, "relays")
    if relays:
        yield from _beside_relays(mail)
        yield from _several(relays)
    ways = relays or ([(("mail",), mail)] if isinstance(mail, dict) else [])
    for place, row in ways:
        yield from _way(place, row)
    yield from _pace(document.get("pace"))
    yield from _keys(document, [_by(place, row) for place, row in ways])


def _by(place: Place, row: Row) -> str:
    by = row.get("by", "embedded" if place == ("mail",) else "smtp")
    return by if isinstance(by, str) else ""


def _set(row: Row, name: str) -> bool:
    """Whether *row* says another thing of a relay than what holds anyway."""
    return name in row and row[name] != Relay.model_fields[name].default


# ------------------------------------------------------------------ one way out


def _way(place: Place, row: Row) -> Iterator[Fault]:
    by = _by(place, row)
    for name in _NEEDS.get(by, ()):
        if row.get(name, "") == "" and not (name == "host" and "socket" in row):
            what = "your relay" if name == "host" else "it"
            yield _missing((*place, name), f'by = "{by}" needs {what}')
    if by in _SMTP:
        yield from _signing_in(place, row)
    yield from _warm_up(place, row)


def _missing(place: Place, why: str) -> Fault:
    return Fault(place, f"is missing; {why}: add {example(place)}")


def _signing_in(place: Place, row: Row) -> Iterator[Fault]:
    auth, named = row.get("auth", "auto"), row.get("username")
    for name, other in (("password", "username"), ("username", "password")):
        if row.get(name):
            continue
        if row.get(other):
            yield _missing((*place, name), f"{dotted((*place, other))} is of no use alone")
        elif auth != "auto":
            yield _missing((*place, name), f"auth = {shown(auth)} needs it")
    readable = auth != "cram-md5" and row.get("tls") == "none" and "socket" not in row
    host = row.get("host")
    if named and readable and isinstance(host, str) and host and not _is_here(host):
        yield Fault(
            (*place, "tls"),
            f'is "none", and the password would go to {host} in clear text; write "starttls" or'
            ' "implicit", or take username and password out',
        )


def _is_here(host: str) -> bool:
    """Whether it is this machine: nobody else hears what is told to it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _warm_up(place: Place, row: Row) -> Iterator[Fault]:
    given = [name for name in ("warm_up_first", "warm_up_last", "warm_up_days") if _set(row, name)]
    if given and "warm_up_from" not in row:
        begins = (*place, "warm_up_from")
        yield Fault(
            (*place, given[0]),
            f"does nothing without the day that it begins on; add {example(begins)}",
        )
    first, last = (
        row.get(name, Relay.model_fields[name].default)
        for name in ("warm_up_first", "warm_up_last")
    )
    if isinstance(first, int) and isinstance(last, int) and last < first:
        name = "warm_up_last" if "warm_up_last" in row else "warm_up_first"
        yield Fault(
            (*place, name),
            f"makes the plan end with fewer mails a day ({last:,}) than it begins with"
            f" ({first:,}); a new address is made known by more each day",
        )


# ------------------------------------------------------------------ several


def _beside_relays(mail: object) -> Iterator[Fault]:
    """[mail]'s own way out, which nothing goes: most who write it think that it is one of them."""
    if isinstance(mail, dict):
        for name in Relay.model_fields:
            if _set(mail, name) and name not in _FOR_ALL:
                yield Fault(
                    ("mail", name),
                    "is not read beside [[relays]]; write it under the relay that it is for,"
                    " or take it out",
                )


def _several(relays: list[tuple[Place, Row]]) -> Iterator[Fault]:
    yield from repeated(((*place, "name"), row.get("name")) for place, row in relays)
    if all(row.get("standby") is True for _, row in relays):
        yield Fault(
            (*relays[0][0], "standby"),
            "is true, as of every relay; one of them must be used while none is down:"
            " take it out there",
        )
    kinds = [(place, _by(place, row)) for place, row in relays]
    if all(by in _KEEPING for _, by in kinds):
        # A rehearsal: nobody gets anything, and everybody knows.
        return
    for place, by in kinds:
        if by in _KEEPING:
            yield Fault(
                (*place, "by"),
                f'is "{by}", which keeps mails and delivers none: its share of the readers would'
                " get nothing; take it out from beside relays that deliver",
            )


# ------------------------------------------------------------------ pace, keys


def _pace(pace: object) -> Iterator[Fault]:
    if not isinstance(pace, dict):
        return
    lanes = rows_of(pace, "lanes", ("pace",))
    yield from repeated(((*place, "name"), row.get("name")) for place, row in lanes)
    for key in ("domains", "mx"):
        yield from repeated(_spelled(lanes, key))
    for place, row in lanes:
        name = row.get("name")
        if (
            isinstance(name, str)
            and name not in _LANES
            and not (row.get("domains") or row.get("mx"))
        ):
            known = ", ".join(_LANES)
            yield Fault(
                place,
                f"is nobody's lane: {shown(name)} is none of {known};"
                f" add {example((*place, 'domains'))}",
            )
        if row.get("mx") and pace.get("resolve_mx") is False:
            yield Fault(
                (*place, "mx"), "is not asked for with resolve_mx = false; take one of them out"
            )


def _spelled(lanes: Iterable[tuple[Place, Row]], key: str) -> Iterator[tuple[Place, object]]:
    for place, row in lanes:
        for at, domain in enumerate(texts_of(row, key)):
            yield (*place, key, at), domain.casefold()


def _keys(document: Row, ways: Iterable[str]) -> Iterator[Fault]:
    keys = rows_of(document, "dkim")
    sender = value_at(document, ("mail", "from_address"))
    own = sender.rpartition("@")[2] if isinstance(sender, str) else ""
    seen: dict[tuple[str, str], Place] = {}
    for place, row in keys:
        selector, domain = row.get("selector"), row.get("domain") or own
        if not (isinstance(selector, str) and isinstance(domain, str)):
            continue
        # Where its record stands: one selector may be used under two domains.
        first = seen.setdefault((selector, domain.casefold()), place)
        if first is not place:
            yield Fault(
                (*place, "selector"),
                f"is {shown(selector)} again, which {dotted((*first, 'selector'))} has;"
                " choose another",
            )
    kinds = set(ways)
    if keys and kinds == {"ses"}:
        yield Fault(
            keys[0][0],
            'would sign Date and Message-ID, which by = "ses" writes anew, so that no signature'
            " of yours holds; take it out: SES signs by itself",
        )
