"""What is kept of many variants: nothing of it changes, and no more of it than was asked for."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest

from digest.model import Edition, Form, KeptPicture, Picks, Subscriber
from digest.render import Gallery, Layout, Links, fill
from digest.render.packing import Layouts

LayOut = Callable[..., Layout]
SENT_AT = datetime(2026, 5, 18, 4, 1, tzinfo=UTC)
READER = Subscriber(id=7, email="reader@mail.example", name="Ada Quill", key="ab" * 16)
FERRY = "https://pictures.example/ferry.jpg"
KEPT = KeptPicture(
    source_url=FERRY, file="0a1b2c.jpg", media_type="image/jpeg", width=1088, height=612, size=90000
)
PICTURE = random.Random(0).randbytes(90_000)


@pytest.fixture(scope="module")
def variants(lay_out: LayOut, morning: Edition) -> dict[Picks, Layout]:
    slugs = [section.slug for section in morning.sections]
    chosen = [some for number in (1, 2) for some in combinations(slugs, number)]
    picks = [Picks(sections=some, form=form) for some in chosen for form in Form]
    gallery = Gallery(show="embedded", kept={FERRY: KEPT})
    return {
        one: lay_out(morning, picks=one, gallery=gallery, files={KEPT.file: PICTURE})
        for one in picks
    }


def test_a_message_is_the_same_whether_its_layout_was_packed_or_not(
    variants: dict[Picks, Layout], links: Links
) -> None:
    kept = Layouts(ready=1)
    for picks, layout in variants.items():
        kept.put(picks, layout)
    for picks, layout in variants.items():
        found = kept.get(picks)
        assert found is not None
        assert found == replace(layout, html="", text="")
        made = fill(found, READER, links=links, sent_at=SENT_AT)
        assert made == fill(layout, READER, links=links, sent_at=SENT_AT)


def test_a_picture_inside_packed_layouts_is_in_memory_once(
    variants: dict[Picks, Layout],
) -> None:
    kept = Layouts(ready=1)
    for picks, whole in variants.items():
        kept.put(picks, whole)
    found = [layout.body for picks in variants if (layout := kept.get(picks))]
    pictures = [part for body in found for part in body if b"<0a1b2c-jpg" in part]
    one, other = pictures
    assert one is other


def test_what_was_used_last_is_kept_as_it_is(variants: dict[Picks, Layout]) -> None:
    kept, (first, second, third) = Layouts(ready=2), list(variants)[:3]
    whole = kept.put(first, variants[first])
    kept.put(second, variants[second])
    assert kept.get(first) is whole
    kept.put(third, variants[third])
    assert kept.get(first) is whole


def test_what_is_packed_has_no_more_octets_than_it_may(variants: dict[Picks, Layout]) -> None:
    kept = Layouts(ready=1, packed=10_000)
    for picks, layout in variants.items():
        kept.put(picks, layout)
        assert picks in kept
    there = [picks for picks in variants if picks in kept]
    assert 1 < len(there) < len(variants)
    # Those used last, in their order.
    assert there == list(variants)[-len(there) :]
    assert kept.get(next(iter(variants))) is None


def test_there_may_be_no_room_for_packed_layouts_at_all(variants: dict[Picks, Layout]) -> None:
    kept = Layouts(ready=1, packed=0)
    for picks, layout in variants.items():
        kept.put(picks, layout)
    assert [picks in kept for picks in variants] == [False] * (len(variants) - 1) + [True]
