"""config.toml, typed: what may be set, what is wrong with a file, and what is in force.

`tables`, `sending`, `readers` and `looks` have every key with its unit and default; `faults`,
`outward` and `unmatched` what is wrong with a file, in the words of `naming`; `file` the reading.
It knows nothing of what the settings do.
"""

from digest.settings.colours import Colours, Palette
from digest.settings.file import in_force, load
from digest.settings.looks import Brand, Pictures
from digest.settings.parts import (
    KINDS,
    KINDS_OF_PACKAGES,
    Day,
    Place,
    Secret,
    Table,
    reveal,
)
from digest.settings.readers import Audience, Hooks, Privacy, Returns
from digest.settings.sending import Dkim, Lane, Mail, NamedRelay, Pace, Relay
from digest.settings.tables import (
    Api,
    Collect,
    Desk,
    Loaded,
    Model,
    Newsletter,
    Output,
    SectionRule,
    Serve,
    Settings,
    Site,
    Source,
    Store,
)

__all__ = [
    "KINDS",
    "KINDS_OF_PACKAGES",
    "Api",
    "Audience",
    "Brand",
    "Collect",
    "Colours",
    "Day",
    "Desk",
    "Dkim",
    "Hooks",
    "Lane",
    "Loaded",
    "Mail",
    "Model",
    "NamedRelay",
    "Newsletter",
    "Output",
    "Pace",
    "Palette",
    "Pictures",
    "Place",
    "Privacy",
    "Relay",
    "Returns",
    "Secret",
    "SectionRule",
    "Serve",
    "Settings",
    "Site",
    "Source",
    "Store",
    "Table",
    "in_force",
    "load",
    "reveal",
]
