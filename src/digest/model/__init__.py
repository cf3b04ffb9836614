"""The nouns of Digest, and the lives of the two that have one.

Frozen values, no behaviour beyond reading themselves.  Nothing here asks the
time, the network or the database.  All datetimes are aware; what is stored is
UTC, what is shown is in the newsletter's zone.
"""

from digest.model.composed import (
    Correction,
    Edition,
    Item,
    Origin,
    Picks,
    Section,
    Sentence,
    Story,
    Subscriber,
    SubscriptionState,
    Summary,
)
from digest.model.lives import (
    DELIVERY_LIFE,
    EDITION_LIFE,
    Counts,
    DeliveryEvent,
    DeliveryState,
    EditionEvent,
    EditionState,
    Job,
    Outcome,
    Slot,
)
from digest.model.told import (
    Block,
    BlockKind,
    Card,
    Document,
    FeedManners,
    HostWait,
    IdentityRule,
    Image,
    Kind,
    Link,
    RawItem,
    RobotsFile,
)

__all__ = [
    "DELIVERY_LIFE",
    "EDITION_LIFE",
    "Block",
    "BlockKind",
    "Card",
    "Correction",
    "Counts",
    "DeliveryEvent",
    "DeliveryState",
    "Document",
    "Edition",
    "EditionEvent",
    "EditionState",
    "FeedManners",
    "HostWait",
    "IdentityRule",
    "Image",
    "Item",
    "Job",
    "Kind",
    "Link",
    "Origin",
    "Outcome",
    "Picks",
    "RawItem",
    "RobotsFile",
    "Section",
    "Sentence",
    "Slot",
    "Story",
    "Subscriber",
    "SubscriptionState",
    "Summary",
]
