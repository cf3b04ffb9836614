"""What a mail costs: an edition compiled once for a variant, then filled for each subscriber.

    python benchmarks/render.py                 every theme, then 5,000 messages in five rounds
    python benchmarks/render.py --messages 20000 --json

The edition is made up: as many stories as make about 40 KB of HTML.  In the same run, on the same
words and in turns: the peer that most senders are built as, a Jinja2 template rendered for each
subscriber and put into an `EmailMessage`; and the physical limit, the same octets only copied.
One process, one core.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from typing import Any

from jinja2 import Environment

from digest.model import (
    Block,
    Edition,
    Form,
    Image,
    Item,
    Kind,
    Origin,
    Picks,
    Section,
    Sentence,
    Story,
    Subscriber,
    Summary,
)
from digest.render import (
    Layout,
    Links,
    Press,
    Templates,
    compile_layout,
    default_templates,
    fill,
)
from digest.settings import Mail, Newsletter, Site

MORNING = datetime(2026, 5, 18, 6, tzinfo=UTC)
SENTENCE = (
    "The council of {place} has agreed to mend the quay before the autumn, after a report found "
    "that {n} of its piles had given way since the storms. "
)
PLACES = ("Merrowhaven", "Orrin", "Lunnet Bridge", "Fennick", "Whinfold", "Skerry")


def story(number: int, *, image: bool) -> Story:
    place = PLACES[number % len(PLACES)]
    text = "".join(SENTENCE.format(place=place, n=number + more) for more in range(3)).strip()
    item = Item(
        id=f"{number:016x}",
        source_id="wire",
        kind=Kind.ARTICLE,
        title=f"Quay of {place} to be mended before the autumn, council says ({number})",
        url=f"https://wire.example/news/2026/05/18/quay-of-{place.lower().replace(' ', '-')}",
        published_at=MORNING - timedelta(minutes=7 * number),
        seen_at=MORNING,
        language="en",
        blocks=(Block(text=text),),
        site="Coastline Wire",
        image=Image(url=f"https://wire.example/{number}.jpg", alt="A quay", width=1088, height=612)
        if image
        else None,
    )
    sentence = Sentence(item_id=item.id, text=text)
    return Story(
        id=item.id,
        headline=item.title,
        items=(item,),
        summary=Summary(origin=Origin.EXTRACTIVE, sentences=(sentence,)),
    )


def edition(stories: int) -> Edition:
    per = max(1, stories // 5)
    made = [story(number, image=number % 3 == 0) for number in range(stories)]
    sections = tuple(
        Section(
            slug=f"s{place}", title=f"Section {place}", stories=tuple(made[start : start + per])
        )
        for place, start in enumerate(range(0, stories, per))
    )
    return Edition(
        id="daily@2026-05-18T0700",
        newsletter="daily",
        title="The Daily",
        slot_at=MORNING,
        timezone="Europe/Dublin",
        sections=sections,
    )


class Bench:
    def __init__(self) -> None:
        site = Site(
            name="Harbour Newsroom",
            base_url="https://news.example.org",
            postal_address="1 Lower Quay",
        )
        self.links = Links(site.base_url, b"k" * 32)
        self.press = Press(site=site, links=self.links, templates=Templates([default_templates()]))
        self.newsletter = Newsletter(slug="daily", title="The Daily")
        self.mail = Mail(from_address="morning@news.example.org")

    def compile(self, edition: Edition, theme: str, form: Form = Form.FULL) -> Layout:
        picks = Picks(sections=tuple(section.slug for section in edition.sections), form=form)
        return compile_layout(
            edition,
            picks,
            press=self.press,
            newsletter=self.newsletter.model_copy(update={"theme": theme}),
            mail=self.mail,
        )

    def again(self, edition: Edition, theme: str, form: Form, _: int) -> Layout:
        return self.compile(edition, theme, form)

    def of_size(self, octets: int) -> Edition:
        """An edition whose mail in the newspaper's theme is nearest to *octets* of HTML."""
        sizes = {n: len(self.compile(edition(n), "newspaper").html) for n in range(5, 60, 5)}
        return edition(min(sizes, key=lambda n: abs(sizes[n] - octets)))


def person(number: int) -> Subscriber:
    return Subscriber(
        id=number,
        email=f"reader{number}@mail.example",
        name=("Ada Quill", "Zoë Björn", "")[number % 3],
        key=f"{number:032x}",
    )


def peer(layout: Layout, bench: Bench) -> Callable[[Subscriber], bytes]:
    """A template rendered for each subscriber, and the standard library's message."""
    from digest.render.templates import HOLES, marker

    nonce = bench.links.nonce(layout.edition_id)
    holes = {marker(nonce, hole): "{{ " + hole + " }}" for hole in HOLES}

    def source(text: str) -> str:
        for mark, hole in holes.items():
            text = text.replace(mark, hole)
        return text

    html = Environment(autoescape=True).from_string(source(layout.html))
    text = Environment(autoescape=False).from_string(source(layout.text))
    policy = SMTP.clone(max_line_length=76)

    def message(subscriber: Subscriber) -> bytes:
        leave = bench.links.leave_url("daily", subscriber)
        values = {
            "name": subscriber.name,
            "greeting": layout.greeting,
            "email": subscriber.email,
            "leave_url": leave,
            "preferences_url": bench.links.preferences_url("daily", subscriber),
        }
        made = EmailMessage(policy=policy)
        made["From"] = "The Daily <morning@news.example.org>"
        made["To"] = f"{subscriber.name} <{subscriber.email}>"
        made["Subject"] = layout.subject
        made["Date"] = format_datetime(MORNING)
        made["Message-ID"] = bench.links.message_id(
            layout.edition_id, subscriber, domain=layout.domain
        )
        made["List-Unsubscribe"] = f"<{leave}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        made.set_content(text.render(values), cte="quoted-printable")
        made.add_alternative(html.render(values), subtype="html", cte="quoted-printable")
        return made.as_bytes()

    return message


def joined(pieces: list[bytes], _: int) -> bytes:
    return b"".join(pieces)


def microseconds(work: Callable[[int], object], times: int) -> float:
    before = time.process_time()
    for number in range(times):
        work(number)
    return (time.process_time() - before) / times * 1e6


def measure(messages: int, rounds: int) -> dict[str, Any]:
    bench = Bench()
    told = bench.of_size(40_000)
    themes = []
    for theme, form in (
        ("newspaper", Form.FULL),
        ("plain", Form.FULL),
        ("brief", Form.COMPACT),
        ("newspaper", Form.TEXT),
    ):
        layout = bench.compile(told, theme, form)
        cost = microseconds(partial(bench.again, told, theme, form), 20)
        themes.append(
            {
                "theme": theme if form is Form.FULL else f"{form.value} form",
                "stories": len(told.stories),
                "html_octets": len(layout.html.encode()),
                "compile_ms": round(cost / 1000, 2),
            }
        )
    layout = bench.compile(told, "newspaper")
    people = [person(number) for number in range(messages)]
    sent_at = MORNING + timedelta(minutes=1)
    other = peer(layout, bench)
    sample = fill(layout, people[1], links=bench.links, sent_at=sent_at)
    ours, theirs, copied = [], [], []
    for _ in range(rounds):
        share = max(1, messages // rounds)
        ours.append(
            microseconds(
                lambda n: fill(layout, people[n], links=bench.links, sent_at=sent_at), share
            )
        )
        theirs.append(microseconds(lambda n: other(people[n]), max(1, share // 20)))
        pieces = [sample[at : at + 4096] for at in range(0, len(sample), 4096)]
        copied.append(microseconds(partial(joined, pieces), share))
    best = {
        name: min(costs)
        for name, costs in (("fill", ours), ("jinja2 + EmailMessage", theirs), ("copying", copied))
    }
    return {
        "themes": themes,
        "message_octets": len(sample),
        "us": {name: round(cost, 2) for name, cost in best.items()},
        "us_median": {
            "fill": round(statistics.median(ours), 2),
            "jinja2 + EmailMessage": round(statistics.median(theirs), 2),
        },
        "per_second": round(1e6 / best["fill"]),
        "times_faster": round(best["jinja2 + EmailMessage"] / best["fill"], 1),
        "times_copying": round(best["fill"] / best["copying"], 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told = measure(given.messages, given.rounds)
    if given.json:
        print(json.dumps(told, indent=1))
        return
    print("| variant | stories | HTML octets | compile, ms |\n|---|---|---|---|")
    for row in told["themes"]:
        print(
            f"| {row['theme']} | {row['stories']} | {row['html_octets']:,} | {row['compile_ms']} |"
        )
    us = told["us"]
    print(f"\none message of {told['message_octets']:,} octets, best of {given.rounds} rounds:")
    for name, cost in us.items():
        print(f"  {name:24} {cost:10.1f} us")
    print(
        f"  {told['per_second']:,} messages a second on one core; {told['times_faster']} times "
        f"faster than a template a subscriber; {told['times_copying']} times a plain copy; "
        f"peak {told['peak_mb']} MB"
    )


if __name__ == "__main__":
    main()
