"""Pictures that lie beside documents: found by name, and by nothing that comes from outside."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Document
from digest.reading.beside import Beside, with_own_picture
from digest.reading.document import read_document
from digest.reading.hints import Hints

NAMES = frozenset(
    ("quay.jpg", "the quay.png", "2026/ferry.jpg", "2026/page_files/seal.webp", "ferry.JPG")
)
HERE = Beside(source_id="notes", document="2026/ferry.md", names=NAMES)

PAGE = """<!doctype html><html><head><title>Seals counted at the Skerry</title>{head}</head>
<body><article><h1>Seals counted at the Skerry</h1>
<figure><img src="{src}" alt="A seal"><figcaption>A seal in May. Photo: Rika Sand</figcaption>
</figure><p>Two hundred and fourteen seal pups were counted on the Outer Skerry on Sunday morning,
the wardens said, eleven more than a year ago and the most since counting began.</p>
<p>The count is made from a boat that does not land, at low water, by the same two people as
every year, and it takes them the better part of a day if the swell allows it.</p></article></body>
"""


def read(text: str, beside: Beside | None = HERE, name: str = "2026/ferry.md") -> Document:
    return read_document(name, text.encode(), Hints(beside=beside))


def image_url(document: Document) -> str | None:
    image = document.items[0].image
    return image.url if image else None


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("ferry.jpg", "folder:notes/2026/ferry.jpg"),
        ("./ferry.jpg", "folder:notes/2026/ferry.jpg"),
        ("ferry.jpg?width=600", "folder:notes/2026/ferry.jpg"),
        ("page_files\\seal.webp", "folder:notes/2026/page_files/seal.webp"),
        ("../quay.jpg", "folder:notes/quay.jpg"),
        ("../the%20quay.png", "folder:notes/the quay.png"),
        ("quay.jpg", None),
        ("../../quay.jpg", None),
        ("/quay.jpg", None),
        ("/etc/passwd", None),
        ("https://wire.example/ferry.jpg", None),
        ("folder:notes/quay.jpg", None),
        ("file:quay.jpg", None),
        ("data:image/png;base64,AAAA", None),
        ("..%2f..%2fquay.jpg", None),
        ("x" * 5_000, None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_name_that_lies_there_is_found(link: str | None, found: str | None) -> None:
    assert HERE.find(link) == found


@settings(max_examples=40, deadline=None)
@given(link=st.text(st.sampled_from("./\\%2fFeE:quayjpg?#\0 "), max_size=30) | st.text())
def test_whatever_a_document_writes_it_names_a_picture_of_the_folder_or_none(link: str) -> None:
    found = HERE.find(link)
    assert found is None or found.removeprefix("folder:notes/") in NAMES


def test_a_note_names_its_picture_in_its_text() -> None:
    document = read("# The ferry\n\n![The ferry at dawn](ferry.jpg)\n\nIt sails again.\n")
    image = document.items[0].image
    assert image is not None
    assert (image.url, image.alt) == ("folder:notes/2026/ferry.jpg", "The ferry at dawn")


def test_a_note_names_its_picture_above_its_text() -> None:
    front = "title: The ferry\nimage: ../quay.jpg\nimage_alt: The quay\ncredit: Drawing of ours\n"
    image = read(f"---\n{front}---\nIt sails again.\n").items[0].image
    assert image is not None
    assert (image.url, image.alt) == ("folder:notes/quay.jpg", "The quay")
    assert image.credit == "Drawing of ours"


def test_a_credit_above_a_note_is_that_of_the_picture_in_its_text() -> None:
    note = "---\ntitle: The ferry\ncredit: Ours\n---\n![Dawn](ferry.jpg)\n\nIt sails again.\n"
    image = read(note).items[0].image
    assert image is not None
    assert (image.alt, image.credit) == ("Dawn", "Ours")


def test_a_saved_page_names_the_picture_that_was_saved_with_it() -> None:
    document = read(PAGE.format(src="page_files/seal.webp", head=""), name="2026/seals.html")
    image = document.items[0].image
    assert image is not None
    assert image.url == "folder:notes/2026/page_files/seal.webp"
    assert (image.alt, image.caption, image.credit) == ("A seal", "A seal in May.", "Rika Sand")


def test_what_was_not_saved_with_a_page_is_at_its_publisher() -> None:
    head = '<link rel="canonical" href="https://wire.example/news/seals">'
    document = read(PAGE.format(src="img/seal.jpg", head=head), name="2026/seals.html")
    assert image_url(document) == "https://wire.example/news/img/seal.jpg"


@pytest.mark.parametrize("link", ["ferry.jpg", "folder:notes/quay.jpg", "../quay.jpg"])
def test_a_document_from_elsewhere_names_nothing_on_our_disk(link: str) -> None:
    note = f"# The ferry\n\n![The ferry]({link})\n\nIt sails again.\n"
    assert image_url(read(note, beside=None)) is None
    page = PAGE.format(src=link, head="")
    assert image_url(read(page, beside=None, name="seals.html")) is None
    feed = (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Wire</title>'
        f'<item><title>Ferry sails</title><enclosure url="{link}" type="image/jpeg"/>'
        f'<media:content url="{link}" medium="image"/>'
        f'<description>&lt;img src="{link}"&gt; It sails.</description></item></channel></rss>'
    )
    assert image_url(read(feed, name="feed.xml")) is None


def test_a_document_that_names_no_picture_has_the_one_of_its_own_name() -> None:
    beside = replace(HERE, document="ferry.txt")
    text = "# The ferry\n\nIt sails again on Monday, the harbour said.\n"
    document = with_own_picture(read(text), beside)
    assert image_url(document) == "folder:notes/ferry.JPG"
    elsewhere = with_own_picture(read(text), replace(HERE, document="other.txt"))
    assert image_url(elsewhere) is None


def test_a_picture_that_a_document_names_comes_before_one_of_its_own_name() -> None:
    document = read("# The ferry\n\n![The quay](../quay.jpg)\n\nIt sails again.\n")
    assert image_url(with_own_picture(document, HERE)) == "folder:notes/quay.jpg"
