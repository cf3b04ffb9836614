"""Choosing, pausing, leaving, being forgotten: buttons without script, for one person."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import html

from digest.model import Choices, Form, Frequency, Subscriber, SubscriptionState
from digest.render import Press
from digest.render.leaving import LeaveState, forgotten_page, leave_page
from digest.render.signup import consent_wording
from digest.render.wishes import WishState, language_choices, preferences_page
from digest.render.wording import known_languages, reads_from_right, words_for
from digest.settings import Newsletter
from public_page import HOSTILE, check_page, parse

S = SubscriptionState
ANN = Subscriber(
    id=7, email="ann@example.org", key="ab" * 16, timezone="Europe/Vienna", sections=("city",)
)
HALF = "a•••@example.org"
SECTIONS = [("harbour", "At sea"), ("city", "City & council")]
WEEKLY = Newsletter(slug="weekly", title="The Weekly")
NOTES = Newsletter(slug="notes", title="Hafenblatt", language="de")
UNTIL = datetime(2026, 6, 17, 23, 0, tzinfo=UTC)
TAGS = [tag for tag, _ in known_languages()]
WISHES: tuple[WishState, ...] = (
    *("ask", "saved", "bad", "paused", "resumed", "left", "back", "data", "joined", "unsure"),
)
LEAVES: tuple[LeaveState, ...] = ("ask", "done", "all", "back", "paused", "bad")


def wishes(press: Press, daily: Newsletter, state: WishState = "ask", **changed: Any) -> str:
    person = changed.pop("subscriber", ANN)
    values: dict[str, Any] = {
        "newsletter": daily,
        "subscriber": person,
        "address": HALF,
        "choices": Choices(
            sections=("city",), hour=7, timezone="Europe/Vienna", language=person.language
        ),
        "sections": SECTIONS,
        "frequencies": list(Frequency),
        "languages": language_choices(daily, person),
        "zones": ("Europe/Vienna", "Europe/Athens", "UTC"),
        "others": [(WEEKLY, S.ACTIVE), (NOTES, None)],
        "leave_url": press.links.leave_url("daily", person),
    }
    return preferences_page(state, press=press, **(values | changed))


def leaving(
    press: Press,
    daily: Newsletter | None,
    state: LeaveState,
    language: str = "",
    others: Sequence[Newsletter] = (),
) -> str:
    return leave_page(
        state,
        press=press,
        newsletter=daily,
        language=language,
        address=HALF,
        preferences_url=press.links.preferences_url("daily", ANN),
        until=UNTIL,
        timezone="Europe/Vienna",
        others=others,
    )


def every_page(press: Press, daily: Newsletter, language: str = "en") -> Iterator[str]:
    person = replace(ANN, language=language)
    for life, until in ((S.ACTIVE, None), (S.PAUSED, UNTIL), (S.ENDED, None)):
        yield wishes(press, daily, subscriber=person, life=life, until=until)
    for state in WISHES:
        yield wishes(press, daily, state, subscriber=person, joined=NOTES, faults={"section"})
    for answer in LEAVES:
        yield leaving(press, daily, answer, language, others=[WEEKLY, NOTES])
    yield forgotten_page(press=press, newsletter=daily, language=language)


def check_forms(text: str) -> html.HtmlElement:
    """What holds for every page of one person."""
    check_page(text, private=True)
    page = parse(text)
    assert not page.xpath("//script | //form[@action] | //@style")
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert page.xpath("//meta[@name='referrer']/@content") == ["no-referrer"]
    for control in page.xpath("//input[@type!='hidden'] | //select"):
        named = page.xpath(f"//label[@for='{control.get('id')}']") if control.get("id") else []
        assert "".join(
            label.text_content() for label in named or control.xpath("ancestor::label")
        ).strip()
    for form in page.forms:
        assert form.method == "POST"
        assert form.xpath(".//button")[0].text_content().strip()
    for link in page.xpath("//*[@role='alert']//a/@href"):
        assert page.xpath(f"//*[@id='{link.removeprefix('#')}']")
    return page


def acts(page: html.HtmlElement) -> dict[str, dict[str, str]]:
    """What each form sends: by its act, "" of the one without."""
    sent = [dict(form.form_values()) for form in page.forms]
    return {values.get("act", ""): values for values in sent}


@pytest.mark.parametrize("language", TAGS)
def test_every_page_of_one_person_is_whole_in_every_language(
    language: str, press: Press, daily: Newsletter
) -> None:
    for text in every_page(press, daily, language):
        page = check_forms(text)
        assert page.get("lang") == language
        assert page.get("dir") == ("rtl" if reads_from_right(language) else "ltr")
        assert ANN.email not in text


@pytest.mark.parametrize("evil", HOSTILE)
def test_no_name_of_a_newsletter_or_section_breaks_out(
    evil: str, press: Press, daily: Newsletter
) -> None:
    wicked = daily.model_copy(update={"title": evil, "description": evil})
    pages = [
        *every_page(press, wicked),
        wishes(
            press,
            wicked,
            address=evil,
            sections=[("a", evil)],
            others=[(wicked, None), (wicked, S.ACTIVE)],
            choices=Choices(sections=(evil,), timezone=evil, language=evil),
            fault=evil,
        ),
    ]
    for text in pages:
        assert not check_forms(text).xpath("//img | //body//style")


def test_the_form_shows_what_is_chosen_and_sends_it(press: Press, daily: Newsletter) -> None:
    page = check_forms(wishes(press, daily))
    assert page.forms[0].form_values() == [
        ("act", "save"),
        ("section", "city"),
        ("briefs", "1"),
        ("frequency", "daily"),
        ("hour", "7"),
        ("timezone", "Europe/Vienna"),
        ("form", "full"),
        ("language", "en"),
    ]
    assert page.xpath("//select[@name='hour']/option[2]")[0].text == "12:00\u00a0AM"
    # Their own first, and again where it stands.
    zones = page.xpath("//select[@name='timezone']//option/@value")
    assert zones == ["Europe/Vienna", "Europe/Athens", "Europe/Vienna", "UTC"]
    assert page.xpath("//select[@name='timezone']/optgroup/@label") == ["Europe"]
    assert HALF in page.find(".//main").text_content()


def test_without_choices_of_its_own_it_shows_the_subscribers(
    press: Press, daily: Newsletter
) -> None:
    person = replace(ANN, form=Form.TEXT, briefs=False)
    values = dict(parse(wishes(press, daily, subscriber=person, choices=None)).forms[0].fields)
    assert (values["section"], values["form"], values["timezone"]) == (
        {"city"},
        "text",
        "Europe/Vienna",
    )
    assert not values["briefs"]


@pytest.mark.parametrize("chosen", [(), ("gone",)])
def test_nothing_chosen_is_shown_as_everything(
    chosen: tuple[str, ...], press: Press, daily: Newsletter
) -> None:
    page = parse(wishes(press, daily, choices=Choices(sections=chosen)))
    assert len(page.xpath("//input[@name='section'][@checked]")) == len(SECTIONS)


def test_what_leaves_no_choice_is_not_asked_for(press: Press, daily: Newsletter) -> None:
    page = check_forms(
        wishes(press, daily, frequencies=[Frequency.DAILY], zones=(), sections=(), others=[])
    )
    asked = {control.get("name") for control in page.xpath("//input | //select")}
    assert not asked & {"frequency", "hour", "timezone", "section"}
    assert {"pause", "data", "forget"} < set(acts(page))
    assert "leave-all" not in acts(page)


def test_everything_else_is_a_button_with_its_act(press: Press, daily: Newsletter) -> None:
    page = check_forms(wishes(press, daily))
    sent = acts(page)
    assert list(sent) == ["save", "pause", "join", "leave-all", "data", "forget"]
    assert sent["pause"] == {"act": "pause", "days": "7"}
    assert sent["join"] == {"act": "join", "newsletter": "notes"}
    assert page.xpath("//select[@name='days']/option/@value") == [
        *("7", "14", "30", "60", "90", "180", "365"),
    ]
    # What is theirs already has a page of its own.
    own = press.links.preferences_url("weekly", ANN)
    assert page.xpath(f"//a[@href='{own}']")
    assert page.xpath(f"//a[@href='{press.links.leave_url('daily', ANN)}']")


def test_links_to_other_newsletters_are_of_those(press: Press, daily: Newsletter) -> None:
    through_the_daily = replace(ANN, newsletter="daily")
    page = parse(wishes(press, daily, subscriber=through_the_daily))
    assert page.xpath(f"//a[@href='{press.links.preferences_url('weekly', ANN)}']")


def test_being_forgotten_takes_more_than_one_click(press: Press, daily: Newsletter) -> None:
    page = check_forms(wishes(press, daily))
    (form,) = page.xpath("//details[not(@open)]//form")
    assert dict(form.form_values()) == {"act": "forget"}
    assert form.inputs["sure"].get("required") is not None
    assert form.inputs["never"].get("required") is None
    unsure = check_forms(wishes(press, daily, "unsure"))
    assert unsure.xpath("//details[@open]//input[@name='sure']")
    assert unsure.xpath("//*[@role='alert']//a/@href") == ["#forget"]


def test_who_pauses_sees_until_when_and_can_go_on(press: Press, daily: Newsletter) -> None:
    page = check_forms(wishes(press, daily, "paused", life=S.PAUSED, until=UNTIL))
    # On the day that it then is where they are.
    assert "Paused until Thursday, June 18, 2026." in page.find(".//main").text_content()
    assert {"resume", "save", "pause"} < set(acts(page))


def test_who_has_left_can_come_back_and_chooses_nothing(press: Press, daily: Newsletter) -> None:
    page = check_forms(wishes(press, daily, "left", life=S.ENDED, others=[(WEEKLY, S.ENDED)]))
    assert page.findtext(".//h1") == "You are unsubscribed from The Daily."
    assert page.xpath("//*[@role='status']")[0].text_content() == words_for("en").left_all
    assert list(acts(page)) == ["back", "join", "data", "forget"]
    assert not page.xpath("//a[contains(@href, '/leave/')]")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("saved", "Saved. The next edition comes like this."),
        ("resumed", "It goes on: the next edition will be yours."),
        ("back", "You are subscribed to The Daily again."),
        ("data", "A mail with your data is on its way."),
        ("joined", "You are subscribed to Hafenblatt."),
    ],
)
def test_what_was_done_is_said(
    state: WishState, said: str, press: Press, daily: Newsletter
) -> None:
    joined = NOTES if state == "joined" else None
    page = parse(wishes(press, daily, state, joined=joined))
    assert [one.text_content() for one in page.xpath("//*[@role='status']")] == [said]


def test_what_is_wrong_is_said_above_and_beside(press: Press, daily: Newsletter) -> None:
    faults = {"section", "timezone"}
    page = check_forms(wishes(press, daily, faults=faults, fault="there is no section 'x'"))
    (alert,) = page.xpath("//*[@role='alert']")
    assert alert.xpath(".//a/@href") == ["#section", "#timezone"]
    assert "there is no section 'x'" in alert.text_content()
    (zone,) = page.xpath("//select[@name='timezone']")
    assert zone.get("aria-invalid") == "true"
    assert page.xpath(f"//*[@id='{zone.get('aria-describedby')}']")


@pytest.mark.parametrize(
    ("state", "says", "sent"),
    [
        ("ask", "Unsubscribe from The Daily?", ["", "pause"]),
        ("done", "You are unsubscribed from The Daily.", ["back"]),
        ("all", "You are unsubscribed from everything.", ["back"]),
        ("back", "You are subscribed to The Daily again.", []),
        ("paused", "Paused until Thursday, June 18, 2026.", []),
        ("bad", "This link does not work.", []),
    ],
)
def test_leaving_takes_one_button_and_no_script(
    state: LeaveState, says: str, sent: list[str], press: Press, daily: Newsletter
) -> None:
    page = check_forms(leaving(press, daily, state))
    assert page.findtext(".//h1") == says
    assert list(acts(page)) == sent
    if state == "ask":
        (first, *_) = page.xpath("//button")
        assert (first.get("name"), first.get("value")) == ("List-Unsubscribe", "One-Click")
    known = state != "bad"
    assert (HALF in page.find(".//main").text_content()) == known
    assert page.xpath("boolean(//a[contains(@href, '/preferences/')])") == known


@pytest.mark.parametrize("language", TAGS)
def test_beside_each_button_that_agrees_stands_the_sentence_that_is_kept(
    language: str, press: Press, daily: Newsletter
) -> None:
    person, words = replace(ANN, language=language), words_for(language)
    own_words = NOTES.model_copy(update={"consent": "Ja, <gern> & jeden Tag."})
    others = [(WEEKLY, S.ENDED), (own_words, None)]
    pages = [
        check_forms(wishes(press, daily, subscriber=person, life=S.ENDED, others=others)),
        check_forms(leaving(press, daily, "done", language)),
    ]
    for page in pages:
        (back,) = page.xpath("//input[@value='back']/../..")
        wording, _ = consent_wording(daily, language)
        assert f"{words.agreed_to} {wording}" in back.text_content()
    joins = pages[0].xpath("//ul[@class='others']/li")
    for item, (one, _) in zip(joins, others, strict=True):
        wording, tag = consent_wording(one, language)
        (said,) = item.xpath(f".//p[@class='meta']/bdi[@lang='{tag}' and . = $it]", it=wording)
        assert words.agreed_to in said.getparent().text_content()
    # What is theirs already asks for nothing.
    page = check_forms(wishes(press, daily, others=[(WEEKLY, S.ACTIVE)]))
    assert words_for("en").agreed_to not in page.text_content()


def test_who_leaves_one_newsletter_sees_which_go_on_and_can_leave_them_all(
    press: Press, daily: Newsletter
) -> None:
    nothing = words_for("en").leave_done_note
    page = check_forms(leaving(press, daily, "done", others=[WEEKLY, NOTES]))
    (said,) = page.xpath("//*[@role='status']")
    assert said.xpath(".//li/bdi/text()") == ["The Weekly", "Hafenblatt"]
    assert said.xpath(".//li/bdi/@lang") == ["en", "de"]
    assert list(acts(page)) == ["leave-all", "back"]
    assert nothing not in page.text_content()
    for state in ("done", "all"):
        assert nothing in parse(leaving(press, daily, state)).text_content()


def test_every_page_says_whose_house_it_is(press: Press, daily: Newsletter) -> None:
    for text in every_page(press, daily):
        (house,) = parse(text).xpath("//main/p[@class='house']/a")
        assert house.text_content() == press.site.name
        assert house.get("href") == press.links.home_url()


def test_of_a_newsletter_that_is_gone_there_is_still_the_way_out(press: Press) -> None:
    url = press.links.leave_url("gone", ANN)
    page = check_forms(preferences_page("bad", press=press, leave_url=url))
    assert page.xpath("//main//a[@class='button']/@href") == [url]
    assert not page.forms


def test_links_of_what_is_gone_have_a_page_too(press: Press) -> None:
    for state in LEAVES:
        page = check_forms(leaving(press, None, state))
        # There is nothing to pause, to come back to, or to choose of.
        assert list(acts(page)) == ([""] if state == "ask" else [])
        assert not page.xpath("//a[contains(@href, '/preferences/')]")
    bad = check_forms(preferences_page("bad", press=press))
    assert not bad.forms
    check_forms(forgotten_page(press=press, newsletter=None))


@pytest.mark.parametrize(
    ("state", "life"),
    [("back", S.ENDED), ("saved", S.ENDED), ("resumed", S.ENDED), ("left", S.ACTIVE)],
)
def test_an_address_opened_again_says_nothing_that_holds_no_more(
    state: WishState, life: SubscriptionState, press: Press, daily: Newsletter
) -> None:
    assert not parse(wishes(press, daily, state, life=life)).xpath("//*[@role='status']")
