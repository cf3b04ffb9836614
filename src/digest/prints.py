"""What publishing prints of an edition: its pages, its lines in lists, and where each lies.

Plain functions of what they are given; `publish` decides what is printed, and writes it.
"""

from collections.abc import Iterator, Sequence

from markupsafe import escape

from digest import editorial, render
from digest.app import edition_path
from digest.model import Item, Printed
from digest.outfolder import File
from digest.render.tidy import shorten
from digest.settings import Newsletter
from digest.store.editions import Record

#: Characters of a brief that has no headline, where lists need one.
_FIRST_WORDS = 80


def sections_of(newsletter: Newsletter) -> list[tuple[str, str]]:
    return [(editorial.section_slug(rule), rule.title) for rule in newsletter.sections]


def card_of(newsletter: Newsletter) -> str:
    """The picture of links to pages that have none, by its name under ``pictures/``."""
    return f"card-{newsletter.slug}.png"


def line_of(record: Record | None) -> render.Line | None:
    if record is None:
        return None
    return render.Line(edition_id=record.id, slot_at=record.slot_at, headlines=())


def pages_of(
    issue: render.Issue,
    newsletter: Newsletter,
    press: render.Press,
    older: render.Line | None,
    newer: render.Line | None,
) -> Iterator[File]:
    folder, card = edition_path(issue.edition.id), card_of(newsletter)
    listed = [slug for slug, _ in sections_of(newsletter)]
    stories = render.story_pages(
        issue, press=press, newsletter=newsletter, listed_sections=listed, card=card
    )
    for id, html in stories:
        yield f"{folder}/{id}/index.html", html.encode()
    page = render.edition_page(
        issue,
        press=press,
        newsletter=newsletter,
        older=older,
        newer=newer,
        listed_sections=listed,
        card=card,
    )
    yield f"{folder}/index.html", page.encode()


def signs_of(newsletters: Sequence[Newsletter], press: render.Press) -> Iterator[File]:
    """What stands for the site in tabs and lists, and for pages without a picture in links."""
    look = press.palette().light
    yield "pictures/icon.png", render.icon(look.accent, look.paper)
    for newsletter in newsletters:
        look = press.palette(newsletter).light
        card = render.card(newsletter.title, accent=look.accent, paper=look.paper, ink=look.ink)
        yield f"pictures/{card_of(newsletter)}", card


def as_html(item: Item) -> str:
    """The text of an item that was told without markup, as paragraphs."""
    return "".join(f"<p>{escape(block.text)}</p>" for block in item.blocks)


def lines_of(issue: render.Issue) -> Iterator[Printed]:
    """What lists and searches tell of an edition."""
    edition, shown = issue.edition, issue.shown
    position = 0
    for section in shown.sections:
        for story in section.stories:
            yield Printed(
                newsletter=edition.newsletter,
                edition_id=edition.id,
                id=story.id,
                section=section.slug,
                headline=story.headline,
                text=story.summary,
                source=story.source,
                url=story.article_url,
                at=story.published_at,
                slot_at=edition.slot_at,
                language=story.lang,
                position=position,
            )
            position += 1
    for brief in shown.briefs:
        yield Printed(
            newsletter=edition.newsletter,
            edition_id=edition.id,
            id=brief.id,
            section="",
            brief=True,
            headline=brief.lead_in or shorten(brief.text, _FIRST_WORDS),
            text=brief.text,
            source=brief.source,
            url=brief.url,
            at=brief.published_at,
            slot_at=edition.slot_at,
            language=brief.lang,
            position=position,
        )
        position += 1
