"""What stands around every public page: name, colours, language, search, feeds and foot.

What a page says of itself to those who only see a link to it is here too.  What stands in
the middle is in `pages` and `shelves`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from markupsafe import Markup

from digest.render.links import Links
from digest.render.press import Press
from digest.render.showing import imprint
from digest.render.shown import Picture
from digest.render.tidy import direction, one_line
from digest.render.wording import locale_for, reads_from_right, words_for
from digest.settings import Newsletter

#: Pixels of a page's card, as OpenGraph's consumers want it.
CARD_WIDTH: Final = 1200
CARD_HEIGHT: Final = 630

_NO_FONT = re.compile("[^A-Za-z0-9 -]")
#: May stand without quotes; words of CSS, as ``serif``, must.
_IDENTIFIER = re.compile("[A-Za-z-][A-Za-z-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The three feeds of one thing, announced to programs and offered to people."""

    title: str
    rss: str
    atom: str
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """The image that stands beside a link to a page."""

    url: str
    alt: str
    #: Pixels, where known.
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A page, for those who see only a link to it: OpenGraph, search engines, chats."""

    title: str
    description: str
    #: Canonical.
    url: str
    kind: Literal["website", "article"] = "website"
    image: Portrait | None = None
    #: RFC 3339; "" where a page has no one date.
    published: str = ""
    modified: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    url: str
    width: int
    height: int


class Calendar:
    """Dates and times of a list, in one zone (IANA name) and one language."""

    def __init__(self, timezone: str, language: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._locale = locale_for(language)
        #: 0 is Monday.
        self.first_weekday = int(self._locale.first_week_day)

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone)

    def day(self, instant: datetime) -> str:
        """ "Monday, May 18, 2026"."""
        return _plain(format_date(self.local(instant).date(), "full", locale=self._locale))

    def short_day(self, instant: datetime) -> str:
        """ "Mon, May 18": for lists that are headed by month and year."""
        return _plain(format_skeleton("EMMMd", self.local(instant), locale=self._locale))

    def month(self, day: date) -> str:
        """ "May 2026"."""
        return _plain(format_skeleton("yMMMM", day, locale=self._locale))

    def month_alone(self, day: date) -> str:
        """ "May"."""
        return _plain(format_date(day, "LLLL", locale=self._locale))

    def time(self, instant: datetime) -> str:
        return _plain(format_time(self.local(instant), "short", locale=self._locale))

    def hour(self, hour: int) -> str:
        """ "7:00 AM", of an hour of any day, 0 to 23."""
        return _plain(format_time(time(hour), "short", locale=self._locale))

    def weekdays(self) -> tuple[tuple[str, str], ...]:
        """Short and long names, in the order in which the language begins its week."""
        wide = self._locale.days["stand-alone"]["wide"]
        narrow = self._locale.days["stand-alone"]["narrow"]
        order = [(self.first_weekday + n) % 7 for n in range(7)]
        return tuple((narrow[day], wide[day]) for day in order)


def _plain(text: str) -> str:
    # CLDR puts a narrow no-break space before "AM"; few fonts have it.
    return text.replace("\u202f", "\u00a0")


def newsletter_feeds(newsletter: Newsletter, links: Links) -> Announced:
    """The editions of *newsletter*."""
    return _announced(one_line(newsletter.title), f"feeds/{newsletter.slug}", links)


def story_feeds(newsletter: Newsletter, links: Links) -> Announced:
    """All its stories, one by one."""
    title = f"{one_line(newsletter.title)} · {words_for(newsletter.language).stories}"
    return _announced(title, f"feeds/{newsletter.slug}/stories", links)


def section_feeds(newsletter: Newsletter, section: tuple[str, str], links: Links) -> Announced:
    """The stories of one *section*: its slug and its title."""
    slug, name = section
    title = f"{one_line(newsletter.title)} · {one_line(name)}"
    return _announced(title, f"feeds/{newsletter.slug}/section/{slug}", links)


def feeds_of(newsletter: Newsletter, links: Links) -> tuple[Announced, Announced]:
    """What every page of *newsletter* announces: its editions and its stories."""
    return newsletter_feeds(newsletter, links), story_feeds(newsletter, links)


def _announced(title: str, folder: str, links: Links) -> Announced:
    return Announced(
        title=title,
        rss=links.channel_url(folder, "rss"),
        atom=links.channel_url(folder, "atom"),
        json=links.channel_url(folder, "json"),
    )


def tongue(language: str | None, text: str, frame: str) -> tuple[str | None, str | None]:
    """``lang`` and ``dir`` of *text* on a page whose own language is *frame*, where they differ."""
    foreign = language and language.lower().partition("-")[0] != frame.lower().partition("-")[0]
    turned = direction(text)
    own = "rtl" if reads_from_right(frame) else "ltr"
    return (language if foreign else None), (turned if turned != own else None)


def frame(
    press: Press,
    newsletter: Newsletter | None = None,
    *,
    language: str = "",
    feeds: Iterable[Announced] = (),
    pictures: Iterable[Picture] = (),
) -> dict[str, object]:
    """What ``layout.html`` wants to know, whatever stands in the middle.

    Args:
        newsletter: whose page it is; None for a page of the whole house.
        language: BCP 47; "" takes the newsletter's, else English.
        feeds: announced in the head, and offered at the foot.
        pictures: those on the page; only a page that shows one of a publisher may fetch it.
    """
    links = press.links
    language = language or (newsletter.language if newsletter else "en")
    width, height = press.logo_size
    away = any(not picture.file for picture in pictures)
    home = urlsplit(links.home_url())
    return {
        "site": press.site,
        "icon": links.icon_url(),
        "imprint": imprint(press.site),
        "footer": one_line(press.brand.footer),
        "palette": press.palette(newsletter),
        "fonts": {
            "serif": _family(press.brand.headline_font),
            "text": _family(press.brand.text_font),
            "sans": _family(press.brand.label_font),
        },
        "logo": Logo(url=links.picture_url(press.logo), width=width, height=height)
        if press.logo
        else None,
        "words": words_for(language),
        "lang": language,
        "dir": "rtl" if reads_from_right(language) else "ltr",
        "home_url": links.home_url(),
        "search_url": links.search_url(),
        "opml_url": f"{links.base_url}/feeds.opml",
        "subscribe_url": _subscribe_url(press, newsletter),
        "newsletter": newsletter,
        "newsletter_url": links.newsletter_url(newsletter.slug) if newsletter else "",
        "feeds_url": links.feeds_url(newsletter.slug) if newsletter else "",
        "feeds": tuple(feeds),
        # By name too: a page that somebody kept in a folder is not "self".
        "pictures_from": f"'self' {home.scheme}://{home.netloc}" + (" https:" if away else ""),
    }


def _subscribe_url(press: Press, newsletter: Newsletter | None) -> str:
    """Where whoever reads a page can sign up; "" where nobody can."""
    if newsletter is not None:
        offered = newsletter.slug in press.sign_up
        return press.links.subscribe_url(newsletter.slug) if offered else ""
    if not press.sign_up:
        return ""
    # With one to choose from there is no choice.
    return press.links.subscribe_url("".join(press.sign_up) if len(press.sign_up) == 1 else "")


def _family(fonts: str) -> Markup:
    """A font-family; safe in a style sheet, where quotes must not be written as entities."""
    names = (_NO_FONT.sub("", name).strip() for name in fonts.split(","))
    told = (name if _IDENTIFIER.fullmatch(name) else f'"{name}"' for name in names if name)
    return Markup(", ".join(told))  # noqa: S704


def portrait(picture: Picture | None, *, card: str, title: str, links: Links) -> Portrait | None:
    """The story's own picture, else the newsletter's *card*: a name under ``pictures/``, or ""."""
    if picture is not None:
        return Portrait(
            url=picture.url, alt=picture.alt, width=picture.width, height=picture.height
        )
    if not card:
        return None
    return Portrait(url=links.picture_url(card), alt=title, width=CARD_WIDTH, height=CARD_HEIGHT)
