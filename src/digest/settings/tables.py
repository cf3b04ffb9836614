"""config.toml, typed: every key, its unit in its name, its default here and nowhere else.

Values only.  What they are made of is in `parts`, how a newsletter looks in `looks`; reading
the file, its faults and the lines they stand on are in `file` and `faults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from digest.settings.looks import Brand, Pictures, Theme
from digest.settings.parts import (
    ADDRESS,
    EVERY_DAY,
    WEB,
    Clocks,
    Day,
    Host,
    Language,
    Line,
    Own,
    Place,
    Secret,
    Segment,
    Slug,
    Table,
    Zone,
    fits,
    kind_of,
)
from digest.settings.readers import Audience, Hooks, Privacy, Returns
from digest.settings.sending import Dkim, Mail, NamedRelay, Pace, Window


class Site(Table):
    """[site]: who publishes, and where its pages are."""

    name: Line = "Digest"
    #: Where `out/` is served to the world; no slash at the end.
    base_url: Annotated[
        str, fits(WEB + r"(/\S*[^\s/])?", "http:// or https:// and no slash at the end")
    ] = "http://localhost:8025"
    #: Shown in the User-Agent, so that a site's owner can reach you: an address or a URL.
    contact: Line = Field(default="", examples=["editor@example.org"])
    #: The postal address that the law wants at the foot of every mail.
    postal_address: str = Field(default="", examples=["Skerry Coast Press, 1 Quay, Orrin"])


class Store(Table):
    """[store]: the only memory."""

    #: sqlite:///PATH (relative to config.toml) or postgresql://USER@HOST/NAME.
    url: str = "sqlite:///data/digest.db"
    #: Password of a PostgreSQL URL that does not hold it.
    password: Secret | None = Field(default=None, examples=[{"env": "DIGEST_STORE_PASSWORD"}])
    #: Event files, the link key, the embedded relay's Maildir.
    data_dir: Path = Field(default=Path("data"), strict=False)


class Output(Table):
    """[output]: the published files."""

    folder: Path = Field(default=Path("out"), strict=False)
    #: Editions in a feed; older ones are in the archive.
    feed_editions: int = Field(default=30, ge=1, le=500)
    #: WebSub hubs that are told of each change of a feed.
    hubs: tuple[Annotated[str, fits(WEB + r"(/\S*)?", "an http:// or https:// address")], ...] = (
        Field(default=(), strict=False, examples=[["https://hub.example.org/"]])
    )


class Collect(Table):
    """[collect]: manners towards other people's servers."""

    timeout_s: float = Field(default=20.0, gt=0, le=300)
    #: Of one document, also after decompression.
    max_bytes: int = Field(default=10_000_000, ge=10_000)
    max_redirects: int = Field(default=5, ge=0, le=20)
    #: Documents fetched at once, over all hosts.
    in_flight: int = Field(default=16, ge=1, le=200)
    #: Requests to one host at the same time.
    per_host: int = Field(default=2, ge=1, le=20)
    #: Between the starts of two requests to one host.
    spacing_s: float = Field(default=1.0, ge=0, le=60)
    #: Subscribe to a feed's hub (WebSub) when base_url is public; polling goes on, more rarely.
    websub: bool = True
    #: Processes that read documents; 0 takes one for each core, four at most.
    readers: int = Field(default=0, ge=0, le=32)
    #: One document's share of a reader; longer means that it is given up.
    reading_s: float = Field(default=30.0, gt=0, le=600)
    #: Words of items are kept this long after they were met; that they were met, for ever.
    keep_days: int = Field(default=400, ge=7)
    #: Host names or networks of your own that may be reached although private.
    allow_private: tuple[Own, ...] = Field(
        default=(), strict=False, examples=[["wiki.internal", "10.0.0.0/8"]]
    )


class Serve(Table):
    """[serve]: `digest serve`."""

    host: Host = "127.0.0.1"
    port: int = Field(default=8025, ge=0, le=65535)
    #: How often the clock looks for work that is due.
    tick_s: float = Field(default=5.0, gt=0, le=300)
    #: Time that a stopping process gives to what it has begun.
    drain_s: float = Field(default=20.0, ge=0, le=600)


class Api(Table):
    """[api]: what other programs of the newsroom may do, over HTTP."""

    #: Whoever sends it as a Bearer token may push items; without one, nobody may.
    token: Secret | None = Field(default=None, examples=[{"env": "DIGEST_API_TOKEN"}])


class Desk(Table):
    """[desk]: the newsroom itself."""

    #: Gets the report on the sources before an edition is made; "" sends none.
    email: Annotated[str, fits(f"({ADDRESS})?", "a mail address alone")] = Field(
        default="", examples=["editor@example.org"]
    )
    #: How long before the edition's hour the report is made.
    report_min: int = Field(default=60, ge=5, le=1440)


class Source(Table):
    """[[sources]]: a place items come from."""

    id: Slug = Field(examples=["wire"])
    #: feed, page, folder, mailbox, push; or one that an installed package brings.
    kind: Annotated[str, AfterValidator(kind_of)] = Field(examples=["feed"])
    #: feed, page: http(s) address.  mailbox: imaps://USER@HOST/FOLDER.  A feed may also be a
    #: file: give *path* instead.
    url: (
        Annotated[
            str,
            fits(
                WEB + r"(/\S*|\?\S*)?|imaps?://[^\s/]+(/\S*)?",
                "an http:// or https:// address, or imaps:// of a mailbox",
            ),
        ]
        | None
    ) = Field(default=None, examples=["https://example.org/feed.xml"])
    #: folder: a folder or one file, relative to config.toml.  mailbox: a Maildir.
    path: Path | None = Field(default=None, strict=False, examples=["inbox"])
    #: Of an IMAP mailbox.
    password: Secret | None = Field(default=None, examples=[{"env": "DIGEST_MAILBOX_PASSWORD"}])
    #: page: it lists articles (a section page, a sitemap); they are read, not the list.
    follow: bool = False
    #: feed: read the linked page where the feed tells only the beginning.
    full_text: bool = False
    #: Items that the first visit takes, newest first; older ones count as known.
    backlog: int = Field(default=100, ge=1, le=100_000)
    #: For a kind that a package brings: what it wants to know.
    options: dict[str, str | int | float | bool] = Field(default={})
    #: What readers see as its name, for documents that do not say.
    title: Line = Field(default="", examples=["Harbour Office"])
    every_min: int = Field(default=30, ge=1, le=10_080)
    #: How much this source counts in ranking.
    weight: float = Field(default=1.0, ge=0, le=10)
    #: When its documents do not say.
    language: Language | None = Field(default=None, examples=["en"])
    #: Zone of clocks without one.
    timezone: Zone = Field(default="UTC", examples=["Europe/Dublin"])


class Model(Table):
    """[model]: a language model that helps to choose sentences; off without a url."""

    #: Of an OpenAI-compatible API, up to and without "/chat/completions".
    url: Annotated[
        str, fits(f"({WEB}(/\\S*[^\\s/])?)?", "http:// or https:// and no slash at the end")
    ] = Field(default="", examples=["http://localhost:11434/v1"])
    #: As the endpoint calls it.
    name: Line = Field(default="", examples=["qwen3:8b"])
    key: Secret | None = Field(default=None, examples=[{"env": "DIGEST_MODEL_KEY"}])
    #: choose: it picks the source's own sentences.  rewrite: it writes; what it writes is
    #: checked, marked, and dropped at the least doubt.
    mode: Literal["choose", "rewrite"] = "choose"
    #: For one answer; then the summary stays as it was.
    timeout_s: float = Field(default=20.0, gt=0, le=300)
    #: For all answers of one edition.
    patience_s: float = Field(default=120.0, gt=0, le=3600)
    in_flight: int = Field(default=4, ge=1, le=32)
    #: Price of a million tokens read and written, in your currency: for the record of costs.
    price_in: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)


class SectionRule(Table):
    """[[newsletters.sections]]: which stories belong here.

    Rules are asked in the order topics and sources, then keywords; the first decisive one
    wins.  A section without any of them takes what no other section wanted; without such a
    section, the last one does.  A keyword also matches its plural in "s" or "es"; "word*"
    matches any ending.
    """

    title: Line = Field(min_length=1, examples=["At sea"])
    #: What subscribers' choices and feeds are stored under; made from the title when absent.
    slug: Slug | None = Field(default=None, examples=["at-sea"])
    #: Slugs that it had before: who chose one of them chose this section.
    was: tuple[Slug, ...] = Field(default=(), strict=False, examples=[["harbour"]])
    #: The sources' own categories and tags, and the first folder of a story's address.
    topics: tuple[str, ...] = Field(default=(), strict=False, examples=[["shipping", "weather"]])
    #: Ids of sources whose stories always belong here.
    sources: tuple[str, ...] = Field(default=(), strict=False, examples=[["wire"]])
    #: Words that point here; a leading "-" points away.
    keywords: tuple[str, ...] = Field(default=(), strict=False, examples=[["ferry", "-match"]])
    max_stories: int = Field(default=6, ge=1, le=200)


class Newsletter(Table):
    """[[newsletters]]: a standing publication."""

    slug: Slug = Field(examples=["daily"])
    title: Line = Field(min_length=1, examples=["The Daily"])
    #: One sentence for the archive and the feeds.
    description: Line = Field(default="", examples=["The day in ten minutes."])
    #: Ids of its sources; none named means all.
    sources: tuple[str, ...] = Field(default=(), strict=False, examples=[["wire"]])
    #: [] has no calendar: its editions are made by hand, or by breaking_sources.
    days: tuple[Day, ...] = Field(default=EVERY_DAY, strict=False)
    #: Local clock in *timezone*; a list of them for several editions a day.
    send_at: Clocks = Field(default=(time(7, 0),), examples=[time(7, 0)])
    timezone: Zone = Field(default="UTC", examples=["Europe/Dublin"])
    #: Whose times its mails tell: those of *timezone*, or of the zone that each reader chose.
    clocks: Literal["newsletter", "reader"] = "newsletter"
    language: Language = "en"
    #: false: an edition waits for `digest approve`.
    auto_approve: bool = True
    #: A draft is made so long before its hour, for the newsroom to look at; 0: at its hour.
    draft_min: int = Field(default=0, ge=0, le=1440)
    #: Without auto_approve: an edition that nobody has looked at goes out so long after its
    #: hour; 0: never by itself.
    deadline_min: int = Field(default=0, ge=0, le=1440)
    #: A missed edition is made up for within this time; later it is held for the operator.
    catch_up_h: float = Field(default=3.0, ge=0, le=168)
    #: Made, and sent to those whose own hour comes first, so long before its hour; 0: at it.  For
    #: newsletters with days and one clock.
    ahead_h: float = Field(default=0.0, ge=0, le=26)
    #: Whoever would first be mailed within these clocks of their own waits for their end; "": no
    #: such hours.
    quiet_hours: Window = Field(default="", examples=["22:00-06:00"])
    #: Whoever's mail the relay has not taken so long after its last reader's hour does not get it.
    expires_h: float = Field(default=20.0, gt=0, le=168)
    #: Words of a summary: a top story's, and every other story's.
    lead_words: int = Field(default=100, ge=20, le=400)
    story_words: int = Field(default=60, ge=20, le=400)
    max_briefs: int = Field(default=12, ge=0, le=200)
    #: Besides those that Digest knows; they end no sentence.
    abbreviations: tuple[str, ...] = Field(default=(), strict=False, examples=[["Cllr", "Stn"]])
    #: Fewer stories and briefs than this make a short edition, and what becomes of one.
    min_items: int = Field(default=0, ge=0, le=200)
    when_short: Literal["send", "hold", "skip"] = "send"
    #: Stories of an edition, over all its sections; 0: only the sections' own limits.
    max_stories: int = Field(default=0, ge=0, le=500)
    #: Items so much older than the edition before are no news any more.
    max_age_h: float = Field(default=48.0, gt=0, le=8760)
    #: After so many hours a story's recency counts a third.
    fading_h: float = Field(default=18.0, gt=0, le=8760)
    #: Slugs of newsletters: only what their editions showed since the last one, best first.
    best_of: tuple[Slug, ...] = Field(default=(), strict=False, examples=[["daily"]])
    #: A story told by so many independent sources makes an edition at once; 0: none does.
    breaking_sources: int = Field(default=0, ge=0, le=50)
    #: Of its mails: newspaper, plain, brief, or a template of yours, templates/email/NAME.mjml.
    theme: Theme = "newspaper"
    #: "" takes [brand]'s.
    accent: Annotated[str, fits(r"(#[0-9a-f]{6})?", 'a colour such as "#9b1d20"')] = Field(
        default="", examples=["#1a5fb4"]
    )
    #: Of the entries of stories in feeds: the summary, or the whole text.
    feed_text: Literal["summary", "full"] = "summary"
    #: Topics and sources whose stories get feeds of their own.
    feed_topics: tuple[str, ...] = Field(default=(), strict=False, examples=[["ferries"]])
    feed_sources: tuple[str, ...] = Field(default=(), strict=False, examples=[["wire"]])
    #: Count how often each link of a mail is followed; nothing of anybody is kept.
    count_clicks: bool = False
    #: The pages offer it; false: who gets it is the newsroom's to say.
    sign_up: bool = True
    #: What whoever signs up agrees to; "" takes the sentence that comes with Digest, in their
    #: language.
    consent: Line = Field(default="", examples=["Send me The Daily. I can leave at any time."])
    #: Only those of its subscribers who match get its editions; docs/audience.md has the words.
    segment: Segment = Field(default="", examples=['tag = "press"'])
    sections: tuple[SectionRule, ...] = Field(default=(), strict=False)


class Settings(Table):
    """The whole of config.toml."""

    site: Site = Site()
    store: Store = Store()
    output: Output = Output()
    collect: Collect = Collect()
    mail: Mail = Mail()
    relays: tuple[NamedRelay, ...] = Field(default=(), strict=False)
    pace: Pace = Pace()
    dkim: tuple[Dkim, ...] = Field(default=(), strict=False)
    serve: Serve = Serve()
    api: Api = Api()
    desk: Desk = Desk()
    model: Model = Model()
    brand: Brand = Brand()
    pictures: Pictures = Pictures()
    audience: Audience = Audience()
    returns: Returns = Returns()
    hooks: Hooks = Hooks()
    privacy: Privacy = Privacy()
    sources: tuple[Source, ...] = Field(default=(), strict=False)
    newsletters: tuple[Newsletter, ...] = Field(default=(), strict=False, min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and the file they came from: `settings_file.load` makes it."""

    settings: Settings
    #: As it was named.
    path: Path
    #: The folder of the file, absolute: paths in the settings start here.
    base: Path
    #: The line, from 1, of everything that stands in the file.
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False)

    def resolve(self, path: Path) -> Path:
        """Turn a path of the settings into an absolute one; `~` is the user's home."""
        return self.base / path.expanduser()

    def origin(self, place: Place) -> str:
        """Say where the value at *place* came from: `config.toml line 12`, or `default`."""
        line = self.lines.get(place)
        return f"{self.path.name} line {line}" if line else "default"
