"""What stands behind an address, in plain words: a feed, a page to follow, or nothing of use.

Behind the door: the steps from a site's address to its feed, news sitemap or section page, a
dozen requests at most and one after the other, because the host is somebody's.  Not behind it:
what to do with what was found, and how documents are read (`reading`).  Loud: the network.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

from digest.errors import Fault, FetchError, ParseError
from digest.model import Document, FeedManners
from digest.reading.feedlinks import (
    FeedLink,
    FeedSummary,
    Look,
    look,
    same_site,
    usual_places,
)
from digest.reading.front import read_front
from digest.reading.hints import Hints, absolute
from digest.reading.page import read_page
from digest.reading.sitemap import read_sitemap
from digest.sources.http import Http, Response
from digest.sources.readers import Readers
from digest.sources.robots import origin_of
from digest.urls import canonical_url

MOST_REQUESTS: Final = 12
#: Of them, what guessing leaves to sitemaps.
_FOR_SITEMAPS: Final = 2
#: Feeds on a page that are tried before something else is.
_MOST_TRIED: Final = 3
#: Guesses answered with a page: such a site has an answer to everything.
_MOST_PAGES: Final = 3
_HOW: Final = {"named": "named by the page", "linked": "linked on the page"}
_SITEMAPS: Final = ("sitemap-news.xml", "news-sitemap.xml", "sitemap.xml")
#: After these nobody is there who could be asked more, or who wants to be.
_LEAVE_ALONE: Final = frozenset(
    (Fault.BUSY, Fault.TIMEOUT, Fault.UNREACHABLE, Fault.TLS, Fault.BROKEN, Fault.SERVER_ERROR)
)


#: What a site without https answers to it.
_NO_TLS: Final = frozenset((Fault.TLS, Fault.UNREACHABLE, Fault.TIMEOUT, Fault.BROKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed, or what is said to be one."""

    url: str
    title: str = ""
    #: "the address itself", "named by the page", "linked on the page", "at a usual place".
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What was found, and every step that led there."""

    kind: Literal["feed", "page", "none"]
    #: The address to use; the one asked about when nothing was found.
    url: str
    #: Of a page: it lists articles (a section page, a sitemap).
    follow: bool = False
    title: str = ""
    #: Entries of a feed, articles that a page lists, 1 of an article.
    items: int = 0
    newest: datetime | None = None
    manners: FeedManners = field(default_factory=FeedManners)
    #: Every feed met, read or not, best first.
    found: tuple[Candidate, ...] = ()
    #: What was found step by step, in sentences.
    words: tuple[str, ...] = ()
    #: What could not be read, in sentences.
    problems: tuple[str, ...] = ()
    #: Of the address itself, when it could not be fetched or may not be read.
    fault: Fault | None = None


async def discover(url: str, http: Http, readers: Readers) -> Discovery:
    """Look at *url*, and around it on its site, for the best thing to collect from.

    Takes an address as people type it, without "https://" too.  Never raises for what it meets:
    that is a Discovery of kind "none" with problems.  At most `MOST_REQUESTS` requests.
    """
    # "feed:" was once put before, or instead of, "http:".
    return await _Search(http, readers).run(re.sub(r"^feed:(?://)?", "", url.strip()))


@dataclass(slots=True)
class _Search:
    http: Http
    readers: Readers
    left: int = MOST_REQUESTS
    #: Requests that guessing leaves to what comes after it.
    kept: int = 0
    words: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    found: dict[str, Candidate] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    #: Hosts that want, or seem, to be left alone.
    closed: dict[str, Fault] = field(default_factory=dict)
    #: Why the page itself may not be read.
    refused: Fault | None = None

    async def run(self, url: str) -> Discovery:
        asked, answer = await self._first(url)
        if isinstance(answer, FetchError):
            self.problems.append(_sentence(str(answer)))
            return self._end("none", asked, fault=answer.fault)
        given = answer.moved_to or asked
        if answer.moved_to:
            self.words.append(f"The address has moved for good to {given}; use that one.")
        elif canonical_url(answer.url) != canonical_url(asked):
            self.words.append(f"The address leads on to {answer.url}.")
        seen = await self._look(answer)
        if seen.feed is not None:
            self.words.append(f"This is {_feed_words(seen.feed)}.")
            return self._feed(asked, answer, seen.feed)
        if seen.kind == "sitemap":
            return await self._given_sitemap(given, answer)
        if seen.kind == "other":
            self.words.append("This is neither a feed nor an HTML page.")
            self.problems.append(_sentence(f"It {seen.why}"))
            return self._end("none", given, fault=Fault.NOT_A_FEED)
        named = f", “{seen.title}”" if seen.title else ""
        self.words.append(f"This is an HTML page{named}.")
        return await self._around(given, answer, seen)

    async def _around(self, given: str, answer: Response, seen: Look) -> Discovery:
        """The steps from a page that is no feed."""
        for link in seen.links:
            self._meet(link.url, link.title, _HOW[link.how])
        self._say_links(seen.links)
        news = [link.url for link in seen.links if not link.comments]
        talk = [link.url for link in seen.links if link.comments]
        if result := await self._try(news[:_MOST_TRIED]):
            return result
        if result := await self._canonical(answer.url, seen):
            return result
        sitemaps = await self._sitemaps_named(answer.url)
        if sitemaps is None:
            why = "The site cannot be asked more" if self.closed else "Its robots.txt cannot be had"
            self.words.append(f"{why} now, so nothing else was tried.")
            return self._end("none", given, fault=self.closed.get(_host(answer.url), Fault.ROBOTS))
        self.kept = len(talk[:1])
        # Below the front page somebody means that page: a feed of the whole site is not it.
        at_root = urlsplit(answer.url).path in ("", "/")
        if at_root and (result := await self._guess(answer.url)):
            return result
        if result := await self._page(given, answer, sitemaps, article=seen.article):
            return result
        if not at_root and (result := await self._guess(answer.url)):
            return result
        if talk:
            self.words.append("Only its readers' comments have a feed.")
            if result := await self._try(talk[:1]):
                return result
        self.words.append("There is nothing here that Digest could collect.")
        return self._end("none", given, fault=self.refused or Fault.NOT_A_FEED)

    # ---------------------------------------------------------------- requests

    async def _first(self, url: str) -> tuple[str, Response | FetchError]:
        if "://" in url[:12]:
            return url, await self._get(url)
        asked = f"https://{url}"
        answer = await self._get(asked)
        if isinstance(answer, FetchError) and answer.fault in _NO_TLS:
            self.closed.clear()
            asked = f"http://{url}"
            answer = await self._get(asked)
        return asked, answer

    async def _get(self, url: str, *, robots: bool = False) -> Response | FetchError:
        """One request; a failed one may close its host."""
        self.asked.add(_key(url))
        self.left -= 1
        try:
            return await self.http.get(url, robots=robots)
        except FetchError as error:
            if error.fault in _LEAVE_ALONE:
                self.closed[_host(url)] = error.fault
            elif error.fault is Fault.ROBOTS:
                # It was not made.
                self.left += 1
            return error

    async def _try_one(self, url: str, *, ours: bool = False) -> Response | None:
        """The answer to a request; None if it failed, or had better not be made.

        Args:
            ours: nobody named the address, we guess it: robots.txt is asked first.
        """
        if (
            self.left <= (self.kept if ours else 0)
            or _host(url) in self.closed
            or (_key(url)) in self.asked
        ):
            return None
        answer = await self._get(url, robots=ours)
        if isinstance(answer, FetchError):
            if not ours or _host(url) in self.closed:
                self.problems.append(_sentence(str(answer)))
            return None
        return answer

    async def _look(self, answer: Response) -> Look:
        try:
            return await self.readers.run(look, answer.body, _hints(answer))
        except ParseError as error:
            # The reader gave it up.
            return Look(kind="other", why=str(error))

    # ------------------------------------------------------------------- steps

    async def _try(self, urls: Iterable[str]) -> Discovery | None:
        """The first of *urls* that can be read as a feed."""
        for url in urls:
            answer = await self._try_one(url)
            if answer is None:
                continue
            seen = await self._look(answer)
            if seen.feed is None:
                self.problems.append(_sentence(f"The address {url} {seen.why or 'is no feed'}"))
                continue
            self.words.append(f"{url} is {_feed_words(seen.feed)}.")
            return self._feed(url, answer, seen.feed)
        return None

    async def _canonical(self, url: str, seen: Look) -> Discovery | None:
        """A page may say that its proper address is another one, and name its feeds there."""
        proper = seen.canonical
        if proper is None or not same_site(proper, url):
            return None
        answer = await self._try_one(proper)
        if answer is None:
            return None
        there = await self._look(answer)
        links = [link for link in there.links if not link.comments]
        if there.feed is None and not links:
            return None
        self.words.append(f"It calls itself {proper}.")
        if there.feed is not None:
            self._meet(proper, there.feed.title, "named by the page")
            self.words.append(f"That is {_feed_words(there.feed)}.")
            return self._feed(proper, answer, there.feed)
        for link in links:
            self._meet(link.url, link.title, _HOW[link.how])
        self._say_links(there.links)
        return await self._try([link.url for link in links[:_MOST_TRIED]])

    async def _sitemaps_named(self, url: str) -> tuple[str, ...] | None:
        """The sitemaps in the site's robots.txt; None if that cannot be had now."""
        if _host(url) in self.closed or self.left <= 0:
            return None
        self.left -= 1
        try:
            told = await self.http.robots.sitemaps(url)
        except FetchError:
            return None
        origin = origin_of(url)
        whole = (absolute(line, f"{origin}/") for line in told)
        named = [sitemap for sitemap in whole if sitemap and same_site(sitemap, url)]
        return tuple(sorted(named, key=lambda sitemap: "news" not in sitemap.lower()))

    async def _guess(self, url: str) -> Discovery | None:
        pages = 0
        for guess in usual_places(url):
            if self.left <= self.kept + _FOR_SITEMAPS or pages >= _MOST_PAGES:
                break
            answer = await self._try_one(guess, ours=True)
            if answer is None or not same_site(answer.url, url):
                continue
            seen = await self._look(answer)
            if seen.feed is not None:
                self._meet(guess, seen.feed.title, "at a usual place")
                self.words.append(
                    f"It names no feed that can be read, but at {guess} there is "
                    f"{_feed_words(seen.feed)}."
                )
                return self._feed(guess, answer, seen.feed)
            pages += 1
        self.words.append("There is no feed at the usual places.")
        return None

    async def _page(
        self, given: str, answer: Response, sitemaps: tuple[str, ...], *, article: bool
    ) -> Discovery | None:
        """A news sitemap, a section page, or an article; of a section, rather its own page."""
        at_root = urlsplit(answer.url).path in ("", "/")
        found = await self._sitemap(answer.url, sitemaps) if at_root else None
        if found is not None:
            return found
        try:
            await self.http.robots.allowed(answer.url)
        except FetchError as error:
            self.problems.append(_sentence(str(error)))
            self.refused = error.fault
        else:
            # Every article lists others, too.
            steps = (self._section, self._article)
            for step in steps[::-1] if article else steps:
                found = found or await step(given, answer)
        return found or (None if at_root else await self._sitemap(answer.url, sitemaps))

    async def _sitemap(self, site: str, named: tuple[str, ...]) -> Discovery | None:
        usual = (urljoin(f"{origin_of(site)}/", place) for place in _SITEMAPS)
        for url in dict.fromkeys((*named, *usual)):
            listing = await self._ask_sitemap(url, site)
            if listing is not None and listing.maps:
                # The one of news, or the newest: an index says nothing of what is in them.
                inner = min(listing.maps, key=lambda one: "news" not in one.lower())
                listing = await self._ask_sitemap(inner, site)
                url = inner if "news" in inner.lower() else url
            # A list of all pages ever written, without dates, says nothing about news.
            if listing is not None and any(link.published_at for link in listing.links):
                self.words.append(f"At {url} there is a sitemap that lists {_links(listing)}.")
                return self._list(url, listing)
        return None

    async def _ask_sitemap(self, url: str, site: str) -> Document | None:
        answer = await self._try_one(url, ours=True) if same_site(url, site) else None
        if answer is None or not same_site(answer.url, site):
            return None
        return await self._document(read_sitemap, answer)

    async def _section(self, given: str, answer: Response) -> Discovery | None:
        listing = await self._document(read_front, answer)
        if listing is None or not listing.links:
            return None
        self.words.append(f"The page itself lists {_links(listing)}, which can be followed.")
        return self._list(given, listing)

    async def _given_sitemap(self, given: str, answer: Response) -> Discovery:
        listing = await self._document(read_sitemap, answer)
        if listing is None:
            self.words.append("This is a sitemap without a page that could be followed.")
            return self._end("none", given, fault=Fault.UNREADABLE)
        if listing.maps:
            maps = _count(len(listing.maps), "sitemap")
            self.words.append(f"This is an index of {maps}; the newest can be followed.")
        else:
            self.words.append(f"This is a sitemap that lists {_links(listing)}.")
        return self._list(given, listing)

    async def _article(self, given: str, answer: Response) -> Discovery | None:
        page = await self._document(read_page, answer)
        if page is None or not page.items:
            return None
        first = page.items[0]
        dated = f" of {_moment(first.published_at)}" if first.published_at else ""
        self.words.append(f"The page is an article{dated}.")
        result = self._end("page", given)
        return replace(result, title=first.title, items=1, newest=first.published_at)

    async def _document(
        self, reader: Callable[[bytes, Hints], Document], answer: Response
    ) -> Document | None:
        try:
            return await self.readers.run(reader, answer.body, _hints(answer))
        except ParseError:
            return None

    # ------------------------------------------------------------------- words

    def _meet(self, url: str, title: str, how: str) -> None:
        self.found.setdefault(_key(url), Candidate(url=url, title=title, how=how))

    def _say_links(self, links: Sequence[FeedLink]) -> None:
        for how, verb in (("named", "names"), ("linked", "links to")):
            of_kind = [link for link in links if link.how == how]
            if not of_kind:
                continue
            looks = "" if how == "named" else ", by their addresses"
            comments = sum(link.comments for link in of_kind)
            aside = f" ({comments} of readers' comments)" if comments else ""
            self.words.append(f"It {verb} {_count(len(of_kind), 'feed')}{looks}{aside}.")

    def _feed(self, asked: str, answer: Response, feed: FeedSummary) -> Discovery:
        self.words.extend(_manners_words(_manners(answer, feed)))
        self.problems.extend(feed.problems)
        url = answer.moved_to or asked
        met = self.found.pop(_key(asked), Candidate(url=url, how="the address itself"))
        met = replace(met, url=url, title=met.title or feed.title)
        self.found = {_key(url): met, **self.found}
        return replace(
            self._end("feed", url),
            title=feed.title,
            items=feed.items,
            newest=feed.newest,
            manners=_manners(answer, feed),
        )

    def _list(self, url: str, listing: Document) -> Discovery:
        moments = [link.published_at for link in listing.links if link.published_at]
        return replace(
            self._end("page", url),
            follow=True,
            title=listing.site or "",
            items=len(listing.links),
            newest=max(moments, default=None),
        )

    def _end(
        self, kind: Literal["feed", "page", "none"], url: str, *, fault: Fault | None = None
    ) -> Discovery:
        return Discovery(
            kind=kind,
            url=url,
            found=tuple(self.found.values()),
            words=tuple(self.words),
            problems=tuple(dict.fromkeys(self.problems)),
            fault=fault,
        )


def _hints(answer: Response) -> Hints:
    return Hints(url=answer.url, content_type=answer.content_type)


def _manners(answer: Response, feed: FeedSummary) -> FeedManners:
    hub = answer.links.get("hub")
    if hub is None:
        return feed.manners
    # The header outranks the document (WebSub 4).
    topic = answer.links.get("self", feed.manners.topic or answer.url)
    return replace(feed.manners, hub=hub, topic=topic)


def _feed_words(feed: FeedSummary) -> str:
    entries = f"with {_count(feed.items, 'entry', 'entries')}" if feed.items else "without entries"
    dated = f", the newest of {_moment(feed.newest)}" if feed.newest else ""
    undated = ", none of them dated" if feed.items and not feed.newest else ""
    return f"{feed.flavour} {entries}{dated}{undated}"


def _manners_words(manners: FeedManners) -> Iterator[str]:
    if manners.hub:
        yield "It has a hub, so new entries arrive at once."
    if manners.ttl_min:
        yield f"It asks to be read every {_count(manners.ttl_min, 'minute')} at most."
    if manners.skip_hours or manners.skip_days:
        yield "It names hours or days at which it need not be read."
    if manners.older:
        yield "It links to its older entries, so what scrolled off can be read too."


def _links(listing: Document) -> str:
    moments = [link.published_at for link in listing.links if link.published_at]
    dated = f", the newest of {_moment(max(moments))}" if moments else ""
    return f"{_count(len(listing.links), 'article')}{dated}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _sentence(text: str) -> str:
    # Mostly it begins with the name of a host, which has no capital.
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _key(url: str) -> str:
    return canonical_url(url) or url


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
