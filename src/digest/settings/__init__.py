"""config.toml, typed: what may be set, what is wrong with a file, and what is in force.

`tables` has every key with its unit and default, `faults` the words for what is wrong, `file`
the reading.  It knows nothing of what the settings do.
"""

from digest.settings.file import in_force, load
from digest.settings.tables import (
    KINDS,
    KINDS_OF_PACKAGES,
    Api,
    Collect,
    Day,
    Desk,
    Loaded,
    Mail,
    Model,
    Newsletter,
    Output,
    Place,
    Secret,
    SectionRule,
    Serve,
    Settings,
    Site,
    Source,
    Store,
    Table,
    reveal,
)

__all__ = [
    "KINDS",
    "KINDS_OF_PACKAGES",
    "Api",
    "Collect",
    "Day",
    "Desk",
    "Loaded",
    "Mail",
    "Model",
    "Newsletter",
    "Output",
    "Place",
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
