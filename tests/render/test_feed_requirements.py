"""Rows F, J, A and W1 of what the standards demand of feeds, each on feeds as they are written."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from lxml import etree, html

from digest.model import Correction, Edition, KeptPicture
from digest.render import Gallery, Links, Press
from feedroom import (
    ATOM,
    CONTENT,
    DC,
    FERRY,
    FH,
    HUB,
    MEDIA,
    SITE,
    WEEKS,
    Feeds,
    make_newsletter,
    mornings,
    write_archive,
    write_feeds,
)

RFC_822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"\d{4} \d\d:\d\d:\d\d [+-]\d{4}"
)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
KEPT = KeptPicture(
    source_url=str(FERRY.url),
    file="abc.jpg",
    media_type="image/jpeg",
    width=1088,
    height=612,
    size=54_321,
)
FULL = '<p>The whole. <a href="/here">Here</a></p><script>x</script><img src="https://p.example/1">'


@pytest.fixture(scope="module")
def editions() -> list[Edition]:
    newest, *older = mornings()
    told = Correction(
        item_id=older[0].stories[0].id,
        headline=older[0].stories[0].headline,
        corrects=True,
        at=newest.slot_at,
        sentences=("Three boats run, not two.",),
        edition_id=older[0].id,
    )
    return [replace(newest, corrections=(told,)), *older]


@pytest.fixture(scope="module")
def house(press: Press) -> Press:
    return replace(press, hubs=(HUB,), logo="logo.png", logo_size=(120, 40))


@pytest.fixture(scope="module")
def feeds(house: Press, editions: list[Edition]) -> Feeds:
    """Everything at once: full texts, kept pictures, a hub, a logo, archives."""
    return write_feeds(
        house,
        editions,
        weeks=WEEKS,
        newsletter=make_newsletter(feed_text="full"),
        gallery=Gallery(show="hosted", kept={str(FERRY.url): KEPT}),
        full={editions[0].stories[0].id: FULL},
        sizes={"abc.jpg": 54_321},
    )


@pytest.fixture(scope="module")
def archive(house: Press, editions: list[Edition]) -> Feeds:
    old = write_archive(house, "2026-W19", editions[8:], newer="2026-W20")
    new = write_archive(house, "2026-W20", editions[1:8], older="2026-W19")
    return Feeds({**old.files, **new.files})


def rss_channels(feeds: Feeds) -> Iterator[Any]:
    for path in feeds.paths(".rss"):
        yield feeds.xml(path).find("channel")


def atom_feeds(feeds: Feeds) -> Iterator[Any]:
    for path in feeds.paths(".atom"):
        yield feeds.xml(path)


def json_feeds(feeds: Feeds) -> Iterator[dict[str, Any]]:
    for path in feeds.paths(".json"):
        yield json.loads(feeds.files[f"feeds/daily/{path}"])


def contents(feeds: Feeds) -> Iterator[str]:
    for channel in rss_channels(feeds):
        yield from (item.findtext(CONTENT) for item in channel.iter("item"))


def links_of(feed: Any) -> dict[str, list[str]]:
    """By relation, of the document, not of its entries."""
    found: dict[str, list[str]] = {}
    for link in feed.findall(f"{ATOM}link"):
        found.setdefault(link.get("rel", "alternate"), []).append(link.get("href"))
    return found


# ------------------------------------------------------------------- RSS and Atom


def test_f1_the_channel_has_a_title_a_page_and_a_description(feeds: Feeds) -> None:
    for channel in rss_channels(feeds):
        assert channel.findtext("title").startswith("The Daily")
        assert channel.findtext("link").startswith(f"{SITE}/editions/daily/")
        assert channel.findtext("description") == "What the bay talks about."
        assert [len(channel.findall(name)) for name in ("title", "link", "description")] == [1] * 3
        assert channel.findtext("language") == "en"


def test_f2_every_item_has_a_guid_of_its_own_that_is_no_address(feeds: Feeds) -> None:
    for channel in rss_channels(feeds):
        guids = [item.find("guid") for item in channel.iter("item")]
        assert all(guid.get("isPermaLink") == "false" for guid in guids)
        assert len({guid.text for guid in guids}) == len(guids) > 0


def test_f3_dates_have_the_form_that_each_format_wants(feeds: Feeds, archive: Feeds) -> None:
    for each in (feeds, archive):
        for channel in rss_channels(each):
            dates = [e.text for e in channel.iter("pubDate", "lastBuildDate")]
            assert len(dates) == 2 + len(channel.findall("item"))
            for date in dates:
                assert RFC_822.fullmatch(date)
                # The weekday is the date's.
                assert parsedate_to_datetime(date).strftime("%a") == date[:3]
        for feed in atom_feeds(each):
            for date in (e.text for e in feed.iter(f"{ATOM}updated", f"{ATOM}published")):
                assert RFC_3339.fullmatch(date)
        for page in json_feeds(each):
            for item in page["items"]:
                for name in ("date_published", "date_modified"):
                    assert RFC_3339.fullmatch(item[name])
                assert datetime.fromisoformat(item["date_modified"]) >= datetime.fromisoformat(
                    item["date_published"]
                )


def test_f4_atom_has_one_id_title_and_date_and_an_author_everywhere(
    feeds: Feeds, archive: Feeds
) -> None:
    ids = set()
    for each in (feeds, archive):
        for feed in atom_feeds(each):
            ids.add(feed.findtext(f"{ATOM}id"))
            for element in (feed, *feed.iter(f"{ATOM}entry")):
                for name in ("id", "title", "updated"):
                    assert len(element.findall(f"{ATOM}{name}")) == 1
                assert re.match(r"(urn:uuid:|tag:)", element.findtext(f"{ATOM}id"))
                assert element.findtext(f"{ATOM}author/{ATOM}name")
    # Of each channel one, which its archives have as well.
    assert len(ids) == 9


def test_f4_the_id_of_a_feed_stays_when_the_site_moves_to_https(press: Press) -> None:
    def id_at(base: str) -> str:
        moved = replace(press, links=Links(base, b"k" * 32))
        return str(write_feeds(moved, mornings(1)).xml("stories/feed.atom").findtext(f"{ATOM}id"))

    assert id_at("https://news.example.org") == id_at("http://news.example.org:8025/x")


def test_f5_atom_has_one_alternate_and_one_self_link(feeds: Feeds, archive: Feeds) -> None:
    for each in (feeds, archive):
        for feed in atom_feeds(each):
            assert len(links_of(feed)["alternate"]) == len(links_of(feed)["self"]) == 1
            for entry in feed.iter(f"{ATOM}entry"):
                links = entry.findall(f"{ATOM}link")
                kinds = [(link.get("rel"), link.get("type")) for link in links]
                assert kinds.count(("alternate", "text/html")) == 1
                assert set(kinds) <= {
                    ("alternate", "text/html"),
                    ("related", "text/html"),
                    ("enclosure", "image/jpeg"),
                }
                assert len(set(kinds)) == len(kinds)


def test_f6_contents_are_declared_as_html_and_the_rest_is_text(feeds: Feeds) -> None:
    for feed in atom_feeds(feeds):
        for entry in feed.iter(f"{ATOM}entry"):
            assert entry.find(f"{ATOM}content").get("type") == "html"
            assert entry.find(f"{ATOM}content").get("src") is None
            for name in ("title", "summary"):
                assert entry.find(f"{ATOM}{name}").get("type", "text") == "text"


def test_f7_contents_are_absolute_and_harmless(feeds: Feeds, archive: Feeds) -> None:
    checked = 0
    for content in (*contents(feeds), *contents(archive)):
        tree = html.fragment_fromstring(content)
        for element in tree.iter():
            assert element.tag not in {"script", "style", "iframe", "frame", "form", "object"}
            assert not [name for name in element.attrib if name.startswith("on")]
            assert "style" not in element.attrib
            for name in ("href", "src"):
                assert element.get(name, "https://").startswith("https://")
        checked += len(tree)
    assert checked > 100
    assert any("The whole." in content for content in contents(feeds))


def test_f8_the_image_is_the_channels_and_of_a_size_that_rss_allows(
    house: Press, feeds: Feeds
) -> None:
    for channel in rss_channels(feeds):
        image = channel.find("image")
        assert image.findtext("title") == channel.findtext("title")
        assert image.findtext("link") == channel.findtext("link")
        assert image.findtext("url") == f"{SITE}/pictures/logo.png"
        assert (image.findtext("width"), image.findtext("height")) == ("120", "40")
    for unfit in ({"logo_size": (240, 80)}, {"logo_size": (0, 0)}, {"logo": "logo.webp"}):
        wide = write_feeds(replace(house, **unfit), mornings(1))
        assert all(channel.find("image") is None for channel in rss_channels(wide))
        assert all(feed.find(f"{ATOM}logo") is not None for feed in atom_feeds(wide))


def test_f9_nothing_in_a_feed_is_anybodys_own(feeds: Feeds, archive: Feeds) -> None:
    forbidden = re.compile(
        r"/leave/|/preferences/|/go/|hole-|\{\{|\[\[|\[%|utm_|@|width=.1.[ >]", re.IGNORECASE
    )
    for each in (feeds, archive):
        for path, raw in each.files.items():
            assert not forbidden.search(raw.decode()), path
        for content in contents(each):
            for image in html.fragment_fromstring(content).iter("img"):
                assert image.get("src").startswith(("https://pictures.example/", f"{SITE}/pict"))


def test_pictures_are_enclosures_in_every_format(feeds: Feeds, archive: Feeds) -> None:
    url = f"{SITE}/pictures/abc.jpg"
    item = next(next(rss_channels(feeds)).iter("item"))
    enclosure = item.find("enclosure")
    assert dict(enclosure.attrib) == {"url": url, "length": "54321", "type": "image/jpeg"}
    content = item.find(f"{MEDIA}content")
    assert (content.get("url"), content.get("fileSize")) == (url, "54321")
    assert content.findtext(f"{MEDIA}credit") == "A. Example"
    entry = next(next(atom_feeds(feeds)).iter(f"{ATOM}entry"))
    link = entry.find(f"{ATOM}link[@rel='enclosure']")
    assert (link.get("href"), link.get("length")) == (url, "54321")
    file = next(json_feeds(feeds))["items"][0]["attachments"][0]
    assert file == {"url": url, "mime_type": "image/jpeg", "size_in_bytes": 54_321}
    # One at its publisher's has no known length, which RSS demands of an enclosure.
    for channel in rss_channels(archive):
        assert channel.find("item/enclosure") is None
    assert next(rss_channels(archive)).find(f"item/{MEDIA}content") is not None


def test_authors_are_named_without_an_address(feeds: Feeds) -> None:
    item = feeds.xml("stories/feed.rss").find("channel/item")
    assert [e.text for e in item.findall(f"{DC}creator")] == ["Ines Marrow", "Tom Vale"]
    assert item.find("author") is None
    edition = feeds.xml("feed.rss").find("channel/item")
    assert edition.findtext(f"{DC}creator") == "Harbour Newsroom"


# --------------------------------------------------------------------------- JSON


def test_j1_the_json_feed_says_what_it_is_and_where(feeds: Feeds, archive: Feeds) -> None:
    for page in (*json_feeds(feeds), *json_feeds(archive)):
        assert page["version"] == "https://jsonfeed.org/version/1.1"
        assert page["title"].startswith("The Daily")
        assert isinstance(page["items"], list)
        assert page["home_page_url"].startswith(f"{SITE}/editions/daily/")
        assert page["feed_url"].startswith(f"{SITE}/feeds/daily/")
        assert page["feed_url"].endswith("/feed.json")
        assert page["language"] == "en"


def test_j2_items_have_an_id_and_html_nowhere_but_in_their_content(
    feeds: Feeds, archive: Feeds
) -> None:
    known: dict[str, str] = {}
    for page in (*json_feeds(feeds), *json_feeds(archive)):
        ids = [item["id"] for item in page["items"]]
        assert len(set(ids)) == len(ids)
        for item in page["items"]:
            assert isinstance(item["id"], str)
            assert item["id"]
            assert item["content_html"].startswith("<div")
            assert "<" not in item["title"] + item["summary"]
            # The same thing wherever it is.
            assert known.setdefault(item["id"], item["title"]) == item["title"]


def test_j3_authors_attachments_and_extensions_are_as_the_version_wants(feeds: Feeds) -> None:
    for page in json_feeds(feeds):
        assert page["authors"] == [{"name": "Harbour Newsroom", "url": f"{SITE}/"}]
        for told in (page, *page["items"]):
            assert "author" not in told
            assert all(author["name"] for author in told["authors"])
            for name in told:
                assert re.fullmatch(r"_[a-z][a-z_]*|[a-z][a-z_]*", name)
            for file in told.get("attachments", ()):
                assert file["url"].startswith("https://")
                assert file["mime_type"].startswith("image/")


def test_j4_hubs_icons_paging_and_size(feeds: Feeds, archive: Feeds) -> None:
    for page in json_feeds(feeds):
        assert page["hubs"] == [{"type": "WebSub", "url": HUB}]
        assert page["icon"] == page["favicon"] == f"{SITE}/pictures/icon.png"
        # There is no item that it does not have.
        assert "next_url" not in page
    for page in json_feeds(archive):
        assert page.get("next_url", "/2026-W19.json").endswith("/2026-W19.json")
        assert page.get("next_url") != page["feed_url"]
    for path in (*feeds.files, *archive.files):
        raw = feeds.files.get(path) or archive.files[path]
        assert len(raw) < 250_000


def test_j5_the_feed_names_itself_where_pages_announce_it(feeds: Feeds, press: Press) -> None:
    page = json.loads(feeds.files["feeds/daily/feed.json"])
    assert page["feed_url"] == press.links.channel_url("feeds/daily", "json")


# ------------------------------------------------------------------------ archives


def test_a1_each_document_names_the_archive_before_it_unless_there_is_none(
    house: Press, feeds: Feeds, archive: Feeds
) -> None:
    for format in ("rss", "atom"):
        for folder in ("", "stories/", "corrections/", "section/at-sea/", "topic/ferries/"):
            here = f"{SITE}/feeds/daily/{folder}"
            chain = [
                document_links(feeds, f"{folder}feed.{format}").get("prev-archive"),
                document_links(archive, f"{folder}2026-W20.{format}").get("prev-archive"),
                document_links(archive, f"{folder}2026-W19.{format}").get("prev-archive"),
            ]
            assert chain == [[f"{here}2026-W20.{format}"], [f"{here}2026-W19.{format}"], None]
    first = write_feeds(house, mornings(1))
    assert "prev-archive" not in document_links(first, "feed.atom")
    assert "next_url" not in json.loads(first.files["feeds/daily/feed.json"])


def document_links(feeds: Feeds, path: str) -> dict[str, list[str]]:
    root = feeds.xml(path)
    return links_of(root if path.endswith(".atom") else root.find("channel"))


def test_a2_archive_documents_say_so_and_lead_on_and_back(feeds: Feeds, archive: Feeds) -> None:
    for path in (*archive.paths(".atom"), *archive.paths(".rss")):
        format = path.rpartition(".")[2]
        folder = f"{SITE}/feeds/daily/{path.rpartition('/')[0]}".rstrip("/")
        root = archive.xml(path)
        top = root if format == "atom" else root.find("channel")
        assert len(top.findall(f"{FH}archive")) == 1
        links = document_links(archive, path)
        assert links["current"] == [f"{folder}/feed.{format}"]
        assert links["self"] == [f"{SITE}/feeds/daily/{path}"]
        newer = [f"{folder}/2026-W20.{format}"] if "W19" in path else None
        assert links.get("next-archive") == newer
    for path in (*feeds.paths(".atom"), *feeds.paths(".rss")):
        assert feeds.xml(path).find(f".//{FH}archive") is None
        assert not {"current", "next-archive"} & set(document_links(feeds, path))


def test_a2_a_reader_can_walk_the_whole_past(
    feeds: Feeds, archive: Feeds, editions: list[Edition]
) -> None:
    files = {**feeds.files, **archive.files}
    for ending, of_next in (("atom", "prev-archive"), ("json", "next_url")):
        address = f"{SITE}/feeds/daily/stories/feed.{ending}"
        seen: set[str] = set()
        while address:
            path = address.removeprefix(f"{SITE}/feeds/daily/")
            if ending == "json":
                page = json.loads(files[f"feeds/daily/{path}"])
                seen |= {item["id"] for item in page["items"]}
                address = page.get(of_next, "")
            else:
                every = Feeds(files)
                seen |= {e.findtext(f"{ATOM}id") for e in every.xml(path).iter(f"{ATOM}entry")}
                address = next(iter(document_links(every, path).get(of_next, [])), "")
        assert len(seen) == sum(len(edition.stories) for edition in editions)


def test_a3_an_archive_document_stays_as_it_was(
    house: Press, archive: Feeds, editions: list[Edition]
) -> None:
    # A week later: a newer archive follows, and its link is all that changes.
    later = write_archive(house, "2026-W20", editions[1:8], older="2026-W19", newer="2026-W21")
    for path in later.paths(".atom"):
        before, after = archive.xml(path), later.xml(path)
        link = after.find(f"{ATOM}link[@rel='next-archive']")
        after.remove(link)
        assert [etree.tostring(e) for e in before] == [etree.tostring(e) for e in after]


def test_a4_no_feed_that_has_archives_calls_itself_complete(feeds: Feeds, archive: Feeds) -> None:
    for path in (*feeds.paths(".atom"), *feeds.paths(".rss")):
        assert feeds.xml(path).find(f".//{FH}complete") is None
    for path in (*archive.paths(".atom"), *archive.paths(".rss")):
        assert archive.xml(path).find(f".//{FH}complete") is None


# -------------------------------------------------------------------------- WebSub


def test_w1_each_feed_names_its_hubs_and_exactly_one_self(house: Press, feeds: Feeds) -> None:
    for path in (*feeds.paths(".atom"), *feeds.paths(".rss")):
        links = document_links(feeds, path)
        assert links["hub"] == [HUB]
        assert links["self"] == [f"{SITE}/feeds/daily/{path}"]
    two = replace(house, hubs=(HUB, "https://other.example/"))
    assert document_links(write_feeds(two, mornings(1)), "feed.rss")["hub"] == list(two.hubs)


def test_w1_archives_which_never_change_name_no_hub(archive: Feeds) -> None:
    for path in (*archive.paths(".atom"), *archive.paths(".rss")):
        assert "hub" not in document_links(archive, path)
        assert len(document_links(archive, path)["self"]) == 1
    assert all("hubs" not in page for page in json_feeds(archive))


# ---------------------------------------------------------------- the Atom grammar

_TEXT = '<element name="{0}"><optional><attribute name="type"><choice><value>text</value><value>html</value></choice></attribute></optional><text/></element>'  # noqa: E501
_DATE = '<element name="{0}"><data type="dateTime"/></element>'
_URI = '<element name="{0}"><data type="anyURI"/></element>'
_FOREIGN = """<define name="foreign"><element><anyName><except>
<nsName ns="http://www.w3.org/2005/Atom"/><nsName ns=""/></except></anyName>
<zeroOrMore><choice><attribute><anyName/></attribute><text/><ref name="foreign"/></choice>
</zeroOrMore></element></define>"""
_LINK = """<element name="link"><attribute name="href"><data type="anyURI"/></attribute>
<optional><attribute name="rel"/></optional><optional><attribute name="type">
<data type="string"><param name="pattern">.+/.+</param></data></attribute></optional>
<optional><attribute name="length"><data type="nonNegativeInteger"/></attribute></optional>
</element>"""
_PERSON = f"""<element name="author"><interleave><element name="name"><text/></element>
<optional>{_URI.format("uri")}</optional></interleave></element>"""
_CATEGORY = '<element name="category"><attribute name="term"/></element>'
_COMMON = '<optional><attribute name="xml:lang"><data type="language"/></attribute></optional>'
#: What RFC 4287 lets us write, of what we write.
GRAMMAR = f"""<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes"><start><element name="feed">{_COMMON}
<interleave>{_URI.format("id")}{_TEXT.format("title")}{_DATE.format("updated")}
<oneOrMore>{_PERSON}</oneOrMore><optional>{_TEXT.format("subtitle")}</optional>
<optional>{_URI.format("logo")}</optional>
<optional><element name="generator"><text/></element></optional>
<zeroOrMore>{_LINK}</zeroOrMore><zeroOrMore><ref name="foreign"/></zeroOrMore>
<zeroOrMore><element name="entry">{_COMMON}<interleave>{_URI.format("id")}{_TEXT.format("title")}
{_DATE.format("updated")}{_DATE.format("published")}<oneOrMore>{_PERSON}</oneOrMore>
<optional>{_TEXT.format("summary")}</optional>{_TEXT.format("content")}
<zeroOrMore>{_CATEGORY}</zeroOrMore><oneOrMore>{_LINK}</oneOrMore>
<zeroOrMore><ref name="foreign"/></zeroOrMore></interleave></element></zeroOrMore>
</interleave></element></start>{_FOREIGN}</grammar>"""


def test_every_atom_document_fits_the_grammar(house: Press, feeds: Feeds, archive: Feeds) -> None:
    grammar = etree.RelaxNG(etree.fromstring(GRAMMAR))
    checked = 0
    for each in (feeds, archive, write_feeds(house, [])):
        for feed in atom_feeds(each):
            assert grammar.validate(feed), grammar.error_log
            checked += 1
    assert checked == 36
    wrong = next(atom_feeds(feeds))
    wrong.append(wrong.find(f"{ATOM}entry/{ATOM}published"))
    assert not grammar.validate(wrong)
