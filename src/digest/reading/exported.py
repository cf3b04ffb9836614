"""Tables of people as other products export them, told by the names of their columns.

Behind the door: what the columns of listmonk, Mailchimp, Ghost and Substack are, what the words
for a state mean, and which column of any other table is what.  Not behind it: rows (`moving`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from digest.errors import Conflict, NotFound
from digest.model import Barred, SubscriptionState

#: What a row says of being subscribed: so, or what keeps them out; None keeps nobody out.
Said = SubscriptionState | Barred | None

#: What a column may be of a person; all but the first three of consent and address may be empty.
FIELDS: Final = (
    *("email", "consent_at", "consent_from", "name", "language", "timezone", "form"),
    *("sections", "frequency", "hour", "briefs", "tags"),
    *("state", "cause", "until", "newsletter"),
)

_MOST_SHOWN: Final = 20
_LONGEST_SHOWN: Final = 60

#: What other people's tables call them.
_ALIKE = MappingProxyType(
    {
        "e_mail": "email",
        "email_address": "email",
        "e_mail_address": "email",
        "mail": "email",
        "full_name": "name",
        "first_name": "name",
        "last_name": "name",
        "time_zone": "timezone",
        "section": "sections",
        "tag": "tags",
        "status": "state",
        "subscription_status": "state",
    }
)


#: Left elsewhere: no import brings them back, their own sign-up does.
LEFT = Barred.LEFT

#: States in other people's words.  None: neither subscribed nor gone.
STATES: Mapping[str, Said] = MappingProxyType(
    {
        "": SubscriptionState.ACTIVE,
        "active": SubscriptionState.ACTIVE,
        "subscribed": SubscriptionState.ACTIVE,
        "enabled": SubscriptionState.ACTIVE,
        "confirmed": SubscriptionState.ACTIVE,
        "paused": SubscriptionState.PAUSED,
        # Of our own export it is `SubscriptionState.ENDED`: they left that newsletter alone.
        "ended": LEFT,
        "unsubscribed": LEFT,
        "opted out": LEFT,
        "cleaned": Barred.BOUNCE,
        "bounced": Barred.BOUNCE,
        "complained": Barred.COMPLAINT,
        "spam": Barred.COMPLAINT,
        "blocklisted": Barred.REQUEST,
        "blacklisted": Barred.REQUEST,
        "suppressed": Barred.REQUEST,
        "pending": None,
        "unconfirmed": None,
        "disabled": None,
        "inactive": None,
        "archived": None,
        "transactional": None,
        "nonsubscribed": None,
        "non-subscribed": None,
    }
)
#: A subscription that ended here for one of these leaves more behind than that it ended.
CAUSES = MappingProxyType({"bounce": Barred.BOUNCE, "complaint": Barred.COMPLAINT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another product's export."""

    name: str
    #: Column names that no other export has together, in small letters, blanks as "_".
    marks: frozenset[str]
    #: Column name to field; the special ones: "yes" and "no" are said of being subscribed,
    #: "gone_at" is filled in of who left, "bounced_at" of whose address failed, "reason" is why
    #: they left, "asked_at" is when they signed up if "consent_at" is empty.
    columns: Mapping[str, str]
    #: Where its people agreed, if its dates are those of consent; "" if they are of a row.
    origin: str = ""
    #: What the newsroom ought to know of such an export.
    advice: str = ""


PEERS: Final = (
    Peer(
        name="listmonk",
        marks=frozenset({"uuid", "email", "attributes", "status", "created_at"}),
        columns={"email": "email", "name": "name", "status": "state", "created_at": "consent_at"},
        advice=(
            "listmonk's export does not say who left a list: export one list, with the"
            " subscription status confirmed (unconfirmed for a single opt-in list)"
        ),
    ),
    Peer(
        name="Mailchimp",
        marks=frozenset({"email_address", "optin_time", "confirm_time", "last_changed"}),
        columns={
            "email_address": "email",
            "first_name": "name",
            "last_name": "name",
            "name": "name",
            "status": "state",
            "confirm_time": "consent_at",
            "optin_time": "asked_at",
            "unsub_time": "gone_at",
            "unsub_reason": "reason",
            "clean_time": "bounced_at",
            "tags": "tags",
        },
        origin="Mailchimp",
        advice=(
            "Mailchimp exports one file for each state: import the files unsubscribed_… and"
            " cleaned_… too, so that nobody in them is imported from elsewhere; an address in"
            " cleaned_… has failed, and gets no newsletter any more, also none it gets here"
        ),
    ),
    Peer(
        name="Ghost",
        marks=frozenset({"email", "subscribed_to_emails", "created_at", "stripe_customer_id"}),
        columns={
            "email": "email",
            "name": "name",
            "subscribed_to_emails": "yes",
            "created_at": "consent_at",
            "deleted_at": "gone_at",
            "labels": "tags",
        },
    ),
    Peer(
        name="Substack",
        marks=frozenset({"email", "active_subscription", "created_at"}),
        columns={
            "email": "email",
            "name": "name",
            "email_disabled": "no",
            "created_at": "consent_at",
        },
    ),
    # The other one, of its subscribers page.
    Peer(
        name="Substack",
        marks=frozenset({"email", "stripe_plan", "start_date"}),
        columns={
            "email": "email",
            "name": "name",
            "email_disabled": "no",
            "start_date": "consent_at",
        },
    ),
)
#: How Mailchimp names the files of an export.
_FILES = (
    ("unsubscribed_", LEFT),
    ("cleaned_", Barred.BOUNCE),
    ("nonsubscribed_", None),
    ("sms_only_", None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of one table are."""

    #: As they are written, each with what it was taken for; "" is passed over.
    named: tuple[tuple[str, str], ...]
    #: Field to places, from 0, of its columns.
    places: Mapping[str, tuple[int, ...]]
    peer: Peer | None = None
    #: Says of all its rows what no column says; see `_FILES`.
    file_says: Said = SubscriptionState.ACTIVE

    @property
    def are_ours(self) -> bool:
        """Whether it is an export of Digest's: each row is of one person and one newsletter."""
        return self.peer is None and "newsletter" in self.places


def _listed(header: Sequence[str]) -> str:
    """The names of columns, for people: a table may have thousands, and long ones."""
    # Where nothing names the columns, the first line is somebody: not to be repeated.
    names = ["(an address)" if "@" in name else name for name in header[:_MOST_SHOWN]]
    shown = ", ".join(name[:_LONGEST_SHOWN] or '""' for name in names)
    return f"{shown}, …" if len(header) > _MOST_SHOWN else shown


def columns_of(
    header: Sequence[str], *, mapping: Mapping[str, str] = MappingProxyType({}), file_name: str = ""
) -> Columns:
    """What each column is.

    Args:
        mapping: column as it is written, in any case, to a field of `FIELDS`, or to "" to pass it
            over: before what it would be taken for.
        file_name: some exports say only there whose rows they are.

    Raises:
        NotFound: no column has addresses, or *mapping* names what is not there.
        Conflict: two columns are the same field.
    """
    keys = [_key(name) for name in header]
    asked = {_key(name): field for name, field in mapping.items()}
    for name, field in mapping.items():
        if _key(name) not in keys:
            raise NotFound(f"the table has no column {name!r}; it has {_listed(header)}")
        if field and field not in FIELDS:
            raise NotFound(f"there is no field {field!r}; there are {', '.join(FIELDS)}")
    peer = next((one for one in PEERS if one.marks <= set(keys)), None)
    meanings = peer.columns if peer else _ALIKE
    fields = [
        asked.get(key, meanings.get(key, key if peer is None and key in FIELDS else ""))
        for key in keys
    ]
    places: dict[str, tuple[int, ...]] = {}
    for place, field in enumerate(fields):
        if not field:
            continue
        if field in places and field != "name":
            if peer is not None:
                fields[place] = ""
                continue
            first = header[places[field][0]]
            raise Conflict(
                f"the columns {first!r} and {header[place]!r} are both {field}: map one to nothing"
            )
        places[field] = (*places.get(field, ()), place)
    if "email" not in places:
        raise NotFound(
            f"the file has no column email; it has {_listed(header)}. If one of them holds the"
            ' addresses, map it: --map email="COLUMN"; else its first line must name columns of '
            f"{', '.join(FIELDS)}"
        )
    says: Said = SubscriptionState.ACTIVE
    if peer is not None and peer.name == "Mailchimp":
        for start, state in _FILES:
            if file_name.lower().startswith(start):
                says = state
    return Columns(
        named=tuple(zip(header, fields, strict=True)), places=places, peer=peer, file_says=says
    )


def _key(name: str) -> str:
    return re.sub(r"[\s_\-]+", "_", name.strip().strip("\ufeff").casefold())
