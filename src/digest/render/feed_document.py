"""One document of a channel, in any format: what is in it, where it is, what is around it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from digest.render.channels import Channel, folder, home_of
from digest.render.feed_entries import Entry
from digest.render.links import FeedFormat
from digest.render.press import Press
from digest.render.tidy import one_line
from digest.settings import Newsletter

#: The date of a feed without an entry: fixed, a moving one would change the ETag.
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What readers subscribe to, or an archive document."""

    channel: Channel
    newsletter: Newsletter
    press: Press
    entries: tuple[Entry, ...]
    #: Of an archive document; "" for what readers subscribe to.
    week: str = ""
    #: Weeks of the archive documents before and after it.
    older: str | None = None
    newer: str | None = None
    #: Week of the newest archive document before it with an entry that is not in this one.
    further: str | None = None

    def address(self, format: FeedFormat, week: str | None = None, page: int = 1) -> str:
        """Of this document, or of the same channel's of another *week*."""
        week = self.week if week is None else week
        return self.press.links.channel_url(folder(self.channel), format, week=week, page=page)

    @property
    def home(self) -> str:
        """The HTML page that shows the same to people."""
        return home_of(self.channel, self.press.links)

    @property
    def about(self) -> str:
        return one_line(self.newsletter.description) or self.channel.title

    @property
    def updated(self) -> datetime:
        return max((entry.updated for entry in self.entries), default=_NEVER).astimezone(UTC)

    @property
    def id(self) -> str:
        """Of the feed, archives included: it stays wherever the site moves."""
        return self.press.links.lasting_id("feed", folder(self.channel))
