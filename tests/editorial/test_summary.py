import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.choosing import most_sentences, most_words
from digest.editorial.summary import (
    one_line,
    summarize,
    summarize_line,
    summarize_story,
    why_summary,
)
from digest.editorial.text import count_words, fold_space
from digest.model import Block, BlockKind, Item, Origin, Summary
from make import PATIENCE_S, make_brief, make_item

LEAD = (
    "The ferry to Lower Quay ran aground on a sandbank in thick fog on Sunday morning with "
    "80 people "
    "on board, the harbour office said."
)
FILL = [
    "Nobody was hurt when the hull touched the sand, and the tug Bold Heron pulled the "
    "ship free on the "
    "evening tide.",
    "Harbour master Edda Quill closed the channel to ships that draw more than four metres "
    "until divers "
    "have looked at the sandbank.",
    "The operator, Lisle Lines, has put two buses on the road around the bay and promises "
    "to pay for "
    "taxis from the outer farms.",
    "Fog closed the same channel three times in April, and the radar on Pell Point has "
    "been out of order "
    "since Easter.",
]


def article(*sentences: str, **fields: Any) -> Item:
    blocks = tuple(Block(text=text) for text in (sentences or (LEAD, *FILL)))
    return make_item("Ferry runs aground in fog off Lower Quay", blocks=blocks, **fields)


def check_verbatim(summary: Summary, *items: Item) -> None:
    texts = {item.id: item.text for item in items}
    for sentence in summary.sentences:
        if sentence.start >= 0:
            assert (
                fold_space(texts[sentence.item_id][sentence.start : sentence.end]) == sentence.text
            )
        else:
            assert summary.origin is Origin.SOURCE


def words_of(summary: Summary) -> int:
    return count_words(summary.text)


def test_a_short_item_is_shown_whole() -> None:
    item = article("The quay is shut. It opens at noon.", "Bring a coat.")
    summary = summarize(item, words=60)
    assert summary.origin is Origin.WHOLE
    assert summary.text == "The quay is shut. It opens at noon. Bring a coat."


def test_a_brief_is_never_summarised() -> None:
    brief = make_brief(" ".join([LEAD, *FILL]))
    assert summarize(brief, words=30).text == brief.text


def test_an_article_is_told_in_whole_sentences_within_the_budget() -> None:
    item = article()
    summary = summarize(item, words=60)
    assert summary.origin is Origin.EXTRACTIVE
    assert summary.sentences[0].text == LEAD
    assert 40 <= words_of(summary) <= 75
    assert len(summary.sentences) <= 3
    check_verbatim(summary, item)


def test_a_top_story_has_more_room() -> None:
    assert 75 <= words_of(summarize(article(), words=100)) <= 110


def test_the_standfirst_of_the_publisher_is_preferred() -> None:
    standfirst = (
        "A ship sat on the sand for nine hours while 80 people waited for the tide and for tea."
    )
    summary = summarize(article(standfirst=standfirst), words=60)
    assert (summary.origin, summary.text) == (Origin.SOURCE, standfirst)
    assert {(s.start, s.end) for s in summary.sentences} == {(-1, -1)}


@pytest.mark.parametrize(
    "standfirst",
    [
        "A kicker.",
        "He sat on the sand for nine hours while 80 people waited for the tide and also "
        "for the tea.",
        "A ship sat on the sand for nine hours while 80 people waited for the tide and for tea […]",
        "Why did a ship sit on the sand for nine hours while 80 people waited for the tide "
        "and tea?",
        "Subscribe to our newsletter and get the news of the whole coast to your inbox "
        "every morning.",
        "We tell you all there is to know about the ship, the sand, the fog, the tide and "
        "also the tea.",
    ],
)
def test_what_only_stands_where_a_standfirst_stands_is_none(standfirst: str) -> None:
    assert summarize(article(standfirst=standfirst), words=60).origin is Origin.EXTRACTIVE


def test_a_feed_that_gives_only_a_standfirst_is_told_by_it() -> None:
    item = make_item(blocks=(), standfirst="The quay is shut until noon.")
    assert summarize(item, words=60).text == "The quay is shut until noon."


def test_nothing_to_tell_is_an_empty_summary() -> None:
    assert summarize(make_item(blocks=()), words=60).sentences == ()


@pytest.mark.parametrize(
    "leaning",
    [
        "He then told the ferry passengers in the fog on the sandbank off Lower Quay to keep warm.",
        "But the ferry in the fog on the sandbank off Lower Quay had aground been run by no one.",
        "The suspect had taken the ferry in the fog to the sandbank off Lower Quay, the "
        "office said.",
        '"The ferry in the fog ran aground on the sandbank off Lower Quay and sat there," he said.',
        "In the fog he ran the ferry aground on the sandbank off Lower Quay with 80 people "
        "on board.",
    ],
)
def test_a_leaning_sentence_never_stands_without_the_one_before_it(leaning: str) -> None:
    item = article(LEAD, FILL[0], FILL[1], leaning, FILL[2], FILL[3])
    for words in (40, 60, 80, 100):
        shown = [s.text for s in summarize(item, words=words).sentences]
        if leaning in shown:
            assert shown[shown.index(leaning) - 1] == FILL[1]


def test_an_article_that_opens_with_a_leaning_sentence_is_entered_elsewhere() -> None:
    opening = (
        "It was the fog, said the harbour office at Lower Quay, that put the ferry on the sandbank."
    )
    assert summarize(article(opening, LEAD, *FILL), words=60).sentences[0].text == LEAD


def test_a_quotation_keeps_its_speaker() -> None:
    spoken = (
        "“The fog was thick. We saw the sandbank too late,” said Captain Nils Arden of the ferry."
    )
    orphan = "“The sandbank is not on the chart of the ferry, and the fog hid it from Lower Quay.”"
    item = article(LEAD, FILL[0], orphan, FILL[1], spoken, FILL[2])
    for words in (40, 60, 80, 100, 200):
        summary = summarize(item, words=words)
        assert orphan not in summary.text
        for sentence in summary.sentences:
            assert sentence.text.count("“") == sentence.text.count("”")


@pytest.mark.parametrize(
    "junk",
    [
        "Read also: Ferry aground in fog off Lower Quay, the whole story of a Sunday on "
        "the sandbank.",
        "Sign up for our ferry letter from Lower Quay and never miss a sandbank in the fog again.",
        "By Ida Berg and Nils Arden",
        "Ferry, fog, sandbank.",
        "The ferry aground in fog off Lower Quay on Sunday morning. (Photo by Ida "
        "Berg/Coast Pictures)",
        "Ferry aground in the fog off Lower Quay on Sunday morning with 80 people on board",
    ],
)
def test_junk_never_enters(junk: str) -> None:
    item = article(LEAD, junk, FILL[0], junk, *FILL[1:])
    for words in (40, 60, 100):
        assert junk not in summarize(item, words=words).text


def test_a_sentence_that_begins_like_a_byline_is_none() -> None:
    item = article("By Monday the water had gone.", "By Ida Berg, Nils Arden and Tove Lind")
    assert summarize(item, words=60).text == "By Monday the water had gone."


@pytest.mark.parametrize("text", ["x" * 5_000_000, "By " + "a." * 50_000 + "!", "A-" * 100_000])
def test_a_megabyte_without_a_blank_takes_a_moment(text: str) -> None:
    began = time.process_time()
    summarize(make_item(text=text), words=60)
    assert time.process_time() - began < PATIENCE_S


def test_a_dateline_goes_and_the_offsets_know() -> None:
    item = article("LOWER QUAY, May 17 (Coast Wire) — " + LEAD, *FILL)
    summary = summarize(item, words=60)
    assert summary.sentences[0].text == LEAD
    check_verbatim(summary, item)


def test_subheads_are_no_sentences() -> None:
    subhead = Block(
        kind=BlockKind.SUBHEAD, text="The ferry in the fog on the sandbank off Lower Quay."
    )
    blocks = (Block(text=LEAD), subhead, *(Block(text=text) for text in FILL))
    item = make_item("Ferry runs aground in fog off Lower Quay", blocks=blocks)
    assert subhead.text not in summarize(item, words=100).text


def test_a_language_without_lists_gets_its_opening_in_order() -> None:
    sentences = [
        f"Laeva number {n} sadam oli väga udune ning reisijad ootasid kaua." for n in range(12)
    ]
    summary = summarize(make_item("Laev", "\n\n".join(sentences), language="et"), words=30)
    assert [s.text for s in summary.sentences] == sentences[: len(summary.sentences)]
    assert summary.sentences


def test_an_enormous_sentence_is_left_out_rather_than_cut() -> None:
    assert summarize(make_item(text="quay " * 400_000 + "."), words=60).sentences == ()


OTHER = [
    "A ferry with 80 passengers sat on a sandbank off Lower Quay for nine hours on Sunday.",
    "Passenger Tove Lind said the crew had handed out soup and blankets and had played "
    "cards with the "
    "children until the tug came.",
    "The coastguard has asked Lisle Lines for the recordings from the bridge and will "
    "report in June.",
    "A retired pilot, Hal Oram, had warned in a letter in March that the sand was moving east.",
]


def test_a_story_of_two_sources_is_told_by_both_grouped_and_once() -> None:
    one, other = (
        article(),
        make_item("Nine hours on the sand", "\n\n".join(OTHER), source_id="post"),
    )
    summary = summarize_story([one, other], words=100)
    told_by = [sentence.item_id for sentence in summary.sentences]
    assert set(told_by) == {one.id, other.id}
    assert told_by == sorted(told_by, key=told_by.index)
    assert not (LEAD in summary.text and OTHER[0] in summary.text)
    assert words_of(summary) <= 110
    check_verbatim(summary, one, other)


def test_a_story_of_one_source_is_told_by_its_lead() -> None:
    lead, brief = article(), make_brief("The ferry is off the sandbank.", source_id="post")
    assert summarize_story([lead, brief], words=60) == summarize(lead, words=60)


def test_several_sources_that_differ_stand_side_by_side() -> None:
    one = article("At least 12 people were hurt when the ferry hit the bank, the port said.", *FILL)
    late = "Fourteen people were hurt on the ferry, doctors in Orrin said on Sunday evening."
    other = make_item("On the sand", "\n\n".join([late, *OTHER]), source_id="post", hours=3)
    summary = summarize_story([one, other], words=100)
    shown = {sentence.text: sentence.item_id for sentence in summary.sentences}
    assert shown[one.blocks[0].text] == one.id
    assert shown[late] == other.id
    assert words_of(summary) <= 110


def test_short_sentences_make_room_for_one_more() -> None:
    facts = ["dock", "crew", "tide", "chart", "radar", "pilot", "buoy", "cable", "hull", "engine"]
    item = article(
        *[f"Lisle Lines has looked at the {word} since Easter Monday." for word in facts]
    )
    summary = summarize(item, words=60)
    assert len(summary.sentences) <= 4
    assert words_of(summary) <= 75


def test_an_item_that_opens_with_it_is_told_so_when_nothing_else_stands() -> None:
    item = article(
        "It was the fog that put the ferry on the sandbank off Lower Quay on Sunday morning.",
        *[
            f"It has also cost the town {n} days and several thousand crowns in taxis."
            for n in "456"
        ],
        *["They say that it will be a long summer for everybody on the quay this year."] * 4,
    )
    summary = summarize(item, words=60)
    assert summary.sentences[0].start == 0
    check_verbatim(summary, item)


# ------------------------------------------------------------------------- lines


def test_a_line_is_one_sentence_that_stands_alone() -> None:
    item = article("It was the fog.", LEAD, *FILL)
    line = one_line(item)
    assert line is not None
    assert line.text == LEAD
    assert summarize_line(item) == Summary(origin=Origin.EXTRACTIVE, sentences=(line,))


def test_a_line_is_never_longer_than_its_limit() -> None:
    long = "The ferry " + "and the tug " * 12 + "ran aground in the fog off Lower Quay."
    line = summarize_line(article(long, *FILL)).text
    assert line in FILL
    assert summarize_line(article(long)) == Summary(origin=Origin.EXTRACTIVE)
    assert one_line(article(long)) is None


def test_a_short_standfirst_is_a_line() -> None:
    standfirst = "Eighty people sat on the sand for nine hours and drank tea."
    summary = summarize_line(article(standfirst=standfirst))
    assert (summary.origin, summary.text) == (Origin.SOURCE, standfirst)


def test_a_brief_of_one_sentence_is_its_own_line() -> None:
    assert summarize_line(make_brief()).origin is Origin.WHOLE


# ------------------------------------------------------------------------- whys


def test_the_newsroom_is_told_how_a_summary_was_made() -> None:
    item = article()
    short = make_item(text="The quay is shut until noon. Buses run.")
    other = make_item("Sand", "\n\n".join(OTHER), source_id="post")
    stands = article(standfirst="Eighty people sat for nine hours on the sand and were given tea.")
    model = replace(summarize(item, words=60), model="qwen")

    def why(summary: Summary, *items: Item) -> str:
        return why_summary(summary, items)

    assert why(summarize(short, words=60), short) == "whole: it has 8 words"
    assert why(summarize(make_brief(), words=60), make_brief()).startswith("a brief, never")
    assert why(summarize_line(stands), stands) == "the publisher's own standfirst"
    extract = summarize(item, words=60)
    expected = f"{len(extract.sentences)} of 5 sentences, {words_of(extract)} words"
    assert why(extract, item) == expected
    assert why(model, item) == f"{expected}, chosen by qwen"
    assert "of 9 sentences of 2 sources" in why(
        summarize_story([item, other], words=100), item, other
    )
    assert why(Summary(origin=Origin.EDITOR), item) == "written by the newsroom"
    written = Summary(origin=Origin.MODEL, model="qwen", evidence=extract.sentences[:1])
    assert why(written, item) == "written by qwen from 1 sentence of the source"
    assert why(Summary(origin=Origin.EXTRACTIVE), item) == "empty: no sentence of it stands alone"


SENTENCES = [
    LEAD,
    *FILL,
    *OTHER,
    "He left.",
    "“We saw it,” she said.",
    "Odd “mark.",
    "🎉 🎉",
    "By Ida Berg",
    "船が着いた。",
]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(SENTENCES) | st.text(max_size=60).map(fold_space), max_size=14),
    st.lists(st.sampled_from(SENTENCES), max_size=8),
    st.integers(20, 400),
)
def test_every_sentence_is_the_sources_own(first: list[str], second: list[str], words: int) -> None:
    one = make_item("Ferry aground", blocks=tuple(Block(text=text) for text in first if text))
    other = make_item("Sand", blocks=tuple(Block(text=text) for text in second), source_id="post")
    check_verbatim(summarize(one, words=words), one)
    check_verbatim(summarize_story([one, other], words=words), one, other)
    check_verbatim(summarize_line(one), one)


SCRIPTS = st.sampled_from(
    [
        "Паром сів на мілину біля пристані в неділю вранці. ",
        "انطلقت العبارة من الميناء صباح يوم الأحد. ",
        "船は霧の中で浅瀬に乗り上げた。乗客は無事だった。",
        "เรือเฟอร์รีเกยตื้นในหมอก ",
        "Η βάρκα έφυγε από το λιμάνι την Κυριακή. ",
        "🚢🌫️ ",
        "“Es ist vorbei”, sagte er. ",
        "\n\n",
        "a\u0301 ",
        "? ",
    ]
)


@settings(max_examples=30)
@given(st.lists(SCRIPTS | st.text(max_size=20), max_size=40), st.integers(20, 400))
def test_any_text_in_any_script_is_told_verbatim_within_its_limits_and_always_so(
    pieces: list[str], words: int
) -> None:
    item = make_item("船 Паром 🚢", "".join(pieces), language=None)
    summary = summarize(item, words=words)
    check_verbatim(summary, item)
    assert summarize(item, words=words) == summary
    if summary.origin is Origin.EXTRACTIVE:
        assert words_of(summary) <= most_words(2 * words)
        assert len(summary.sentences) <= most_sentences(2 * words) + 1
    line = one_line(item)
    assert line is None or count_words(line.text) <= 35
