"""Live blogs: a post is known again when its words have changed."""

import json
from datetime import UTC, datetime
from typing import Any

from digest.model import Document, Kind, RawItem
from digest.reading.hints import Hints
from digest.reading.page import read_page

INTRO = "<p>We followed the storm from the harbour office, where the tea was hot and strong.</p>"


def read(body: str, **blog: Any) -> Document:
    told = {"@type": "LiveBlogPosting", "headline": "Storm over the quay"} | blog
    script = f'<script type="application/ld+json">{json.dumps(told)}</script>' if blog else ""
    page = f"<html><head>{script}</head><body><main><h1>Storm over the quay</h1>{body}</main>"
    return read_page(page.encode(), Hints(url="https://quay.example/live"))


def posts(*told: dict[str, Any], **blog: Any) -> list[RawItem]:
    updates = [{"@type": "BlogPosting"} | post for post in told]
    items = read(INTRO, liveBlogUpdate=updates, **blog).items
    return [item for item in items if item.kind is Kind.BRIEF]


def guids(*told: dict[str, Any]) -> list[str | None]:
    return [post.guid for post in posts(*told)]


def post(**fields: Any) -> dict[str, Any]:
    return {"headline": "Trees down", "articleBody": "On Fish Steps.",
            "datePublished": "2026-05-18T10:00:00Z"} | fields  # fmt: skip


def test_a_post_s_own_id_holds() -> None:
    assert guids({"@id": "urn:post:5", **post()}) == ["urn:post:5"]
    assert guids({"@id": "#p5", **post()}) == ["https://quay.example/live#p5"]
    url = "https://quay.example/live#p7"
    assert guids(post(url=url)) == [url]
    assert guids(post(url=url, articleBody="On Fish Steps, and one on a car.")) == [url]


def test_without_an_id_time_and_headline_stand_for_it() -> None:
    (before,), (after,) = guids(post()), guids(post(articleBody="On Fish Steps and at the mill."))
    assert before
    assert before == after
    assert guids(post(headline="Trees up")) != [before]


def test_an_id_that_all_posts_share_names_none_of_them() -> None:
    same = {"url": "https://quay.example/live"}
    found = guids(post(**same), post(**same, datePublished="2026-05-18T11:00:00Z"))
    assert len(set(found)) == 2
    assert found[0] == guids(post())[0]


def test_two_notes_of_one_minute_without_headlines_differ() -> None:
    found = guids(post(headline=""), post(headline="", articleBody="The bridge is closed."))
    assert len(set(found)) == 2


def test_a_pinned_post_that_stands_twice_is_one() -> None:
    pinned = {"@id": "#pin", **post(datePublished="2026-05-18T07:00:00Z")}
    other = {"@id": "#p2", **post()}
    found = posts(pinned, other, pinned, coverageEndTime="2026-05-19T00:00:00Z",
                  coverageStartTime="2026-05-18T06:00:00Z")  # fmt: skip
    assert [one.guid for one in found] == [
        "https://quay.example/live#pin",
        "https://quay.example/live#p2",
    ]
    assert found[0].published_at == datetime(2026, 5, 18, 7, tzinfo=UTC)


def test_a_changed_post_says_when() -> None:
    (found,) = posts(
        post(dateModified="2026-05-18T10:20:00Z", articleBody="<p>At <b>last</b>.</p>")
    )
    assert found.updated_at == datetime(2026, 5, 18, 10, 20, tzinfo=UTC)
    assert found.html == "<p>At <b>last</b>.</p>"


MARKED = """
<div itemscope itemtype="https://schema.org/LiveBlogPosting"><meta itemprop="headline" content="S">
<article id="p2" itemprop="liveBlogUpdate" itemscope itemtype="http://schema.org/BlogPosting">
<h3 itemprop="headline">Bridge closed</h3><time itemprop="datePublished"
datetime="2026-05-18T11:00:00Z">11:00</time><span itemprop="author"><b itemprop="name">Ann Lee</b>
</span><div itemprop="articleBody"><p>Until noon.</p><p>Or later.</p></div></article>
<article itemprop="liveBlogUpdate" itemscope itemtype="http://schema.org/BlogPosting">
<h3 itemprop="headline">Trees down</h3><meta itemprop="datePublished" content="2026-05-18T10:00Z">
<link itemprop="url" href="/live/trees"><div itemprop="articleBody">On Fish Steps.</div></article>
</div>
"""


def test_microdata_is_read_where_json_ld_is_missing() -> None:
    first, second = (item for item in read(INTRO + MARKED).items if item.kind is Kind.BRIEF)
    assert (first.title, first.guid) == ("Bridge closed", "https://quay.example/live#p2")
    assert [block.text for block in first.blocks] == ["Until noon.", "Or later."]
    assert first.published_at == datetime(2026, 5, 18, 11, tzinfo=UTC)
    assert first.authors == ("Ann Lee",)
    assert (second.title, second.url) == ("Trees down", "https://quay.example/live/trees")
    assert [block.text for block in second.blocks] == ["On Fish Steps."]


def test_json_ld_goes_before_microdata() -> None:
    items = read(INTRO + MARKED, liveBlogUpdate=[post(headline="From JSON")]).items
    assert [item.title for item in items if item.kind is Kind.BRIEF] == ["From JSON"]
