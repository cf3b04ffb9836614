"""What leaves when a model's endpoint behaves badly: an edition, asked about over real HTTP."""

import logging
import tempfile
from dataclasses import replace
from pathlib import Path

from digest.editorial.summary import summarize_story
from digest.model import Edition, Origin, Section, Story
from digest.telemetry import set_up
from digest.wording import reword
from make import make_edition, make_item, make_story
from modelpeer import KEY, MANNERS, running_model
from newsroom import open_newsroom, write_config

_TEXT = (
    "The ferry Halvard ran again to Lower Quay on Sunday after nine days in dock, the harbour "
    "office said. Some 214 passengers were on board when it left at 07:10, more than on any day "
    "since March. “Nobody asked us before the sale,” said Berit Lomas, who speaks for the crews. "
    "The repair cost 1.2 million crowns, twice what the council had set aside in its budget. "
    "The council will not pay the difference before the autumn, its treasurer Ivo Praske said. "
    "A second ferry, the Resolve, stays in dock until the end of June because parts are missing. "
    "Shops at Lower Quay say that they lost a third of their trade while the ferry was away."
)


def sample() -> Edition:
    """One story told by an extract."""
    lead = make_item("Ferry runs again to Lower Quay", _TEXT)
    summary = summarize_story([lead], words=60)
    assert summary.origin is Origin.EXTRACTIVE
    story: Story = replace(make_story(lead), summary=summary)
    return make_edition(Section(slug="news", title="News", stories=(story,)))


async def behaviour() -> list[dict[str, str]]:
    """For each manner of an endpoint, in both modes: whose words leave, and the reason stored."""
    # What goes wrong here is meant to: the table tells it.
    set_up(level=logging.ERROR)
    rows: list[dict[str, str]] = []
    edition = sample()
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder))
        plain = config.read_text()
        async with running_model() as peer:
            for mode in ("choose", "rewrite"):
                for number, manner in enumerate(MANNERS):
                    peer.behave(manner)
                    timeout_s = 0.2 if manner == "stalls" else 5.0
                    model = (
                        f'\n[model]\nurl = "{peer.url}"\nname = "sage-{number}"\nmode = "{mode}"\n'
                    )
                    config.write_text(f"{plain}{model}timeout_s = {timeout_s}\npatience_s = 9.0\n")
                    async with open_newsroom(Path(folder), config=config) as app:
                        told = await reword(replace(app, model_key=KEY), edition)
                    rows.append({"mode": mode, "manner": manner} | _outcome(edition, told))
    return rows


def _outcome(before: Edition, after: Edition) -> dict[str, str]:
    (old,), (new,) = before.stories, after.stories
    whose = "the extract"
    if new.summary.origin is Origin.MODEL:
        whose = "written"
    elif new.summary.model:
        whose = "chosen"
    same = new.summary == old.summary
    assert same == (whose == "the extract")
    return {"whose": whose, "reason": new.why[-1].text if new.why else "", "text": new.summary.text}
