"""Joining: little to fill in, nothing to run, and the same answer for everybody."""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from digest.model import Choices, Edition, Form, Frequency, Subscriber
from digest.render import Press
from digest.render.fields import zone_groups, zone_name
from digest.render.pages import edition_page
from digest.render.signup import (
    ConfirmState,
    SignupForm,
    SignupState,
    blank_form,
    choose_page,
    confirm_page,
    consent_wording,
    signup_page,
)
from digest.render.wishes import language_choices
from digest.render.wording import known_languages, reads_from_right, words_for
from digest.settings import Newsletter
from public_page import HOSTILE, check_page, parse, told

ZONES = ("Europe/Athens", "Europe/Kyiv", "Asia/Kolkata", "America/Indiana/Knox", "UTC")
SECTIONS = [("harbour", "At sea"), ("city", "City & council")]
WEEKLY = Newsletter(slug="weekly", title="The Weekly")
TAGS = [tag for tag, _ in known_languages()]


def sign_up(
    press: Press,
    daily: Newsletter,
    state: SignupState = "ask",
    form: SignupForm | None = None,
    faults: frozenset[str] = frozenset(),
    language: str = "",
) -> str:
    return signup_page(
        state,
        press=press,
        newsletter=daily,
        sections=SECTIONS,
        frequencies=list(Frequency),
        languages=language_choices(
            daily, Subscriber(id=0, email="", language=daily.language, key="")
        ),
        zones=ZONES,
        form=form,
        stamp="stamped",
        faults=faults,
        language=language,
    )


def everything(press: Press, daily: Newsletter, language: str = "") -> Iterator[str]:
    """Every page of joining, in every state."""
    states: tuple[SignupState, ...] = ("ask", "again", "asked", "closed", "busy")
    for state in states:
        yield sign_up(press, daily, state, language=language)
    everyone = frozenset({"address", "consent", "section", "hour", "timezone", "language"})
    yield sign_up(press, daily, faults=everyone, language=language)
    yield choose_page(press=press, newsletters=[daily, WEEKLY], language=language)
    confirms: tuple[ConfirmState, ...] = ("ask", "done", "old", "bad")
    for answer in confirms:
        yield confirm_page(
            answer,
            press=press,
            newsletter=daily,
            wording=consent_wording(daily, language)[0],
            wording_language=language,
            address="a•••@example.org",
            language=language,
        )


def check_form_page(text: str) -> html.HtmlElement:
    """What holds for every page with a form: no script, and a label for every control."""
    check_page(text, private=True)
    page = parse(text)
    assert not page.xpath("//script | //form[@action] | //@style")
    for control in page.xpath("//input[@type!='hidden' or not(@type)] | //select"):
        named = page.xpath(f"//label[@for='{control.get('id')}']") if control.get("id") else []
        around = control.xpath("ancestor::label")
        assert "".join(label.text_content() for label in named or around).strip()
    for form in page.forms:
        assert form.method == "POST"
        assert form.xpath(".//button")
    for group in page.iter("fieldset"):
        assert group[0].tag == "legend"
    for link in page.xpath("//*[@role='alert']//a/@href"):
        assert page.xpath(f"//*[@id='{link.removeprefix('#')}']")
    return page


@pytest.fixture
def open_press(press: Press) -> Press:
    return replace(press, sign_up=frozenset({"daily", "weekly"}))


@pytest.mark.parametrize("language", TAGS)
def test_every_page_of_joining_is_whole_in_every_language(
    language: str, open_press: Press, daily: Newsletter
) -> None:
    for text in everything(open_press, daily, language):
        page = check_form_page(text)
        assert page.get("lang") == language
        assert page.get("dir") == ("rtl" if reads_from_right(language) else "ltr")


def test_the_address_the_agreement_and_the_button_come_first(
    press: Press, daily: Newsletter
) -> None:
    page = parse(sign_up(press, daily))
    (form,) = page.forms
    seen = form.xpath(
        "(.//input[@type!='hidden' or not(@type)] | .//select | .//button)"
        "[not(ancestor::details) and not(ancestor::*[@aria-hidden])]"
    )
    assert [one.get("name") or one.tag for one in seen] == ["email", "consent", "button"]
    assert page.xpath("//details[not(@open)]//input[@name='section']")
    email = form.inputs["email"]
    assert (email.get("autocomplete"), email.get("inputmode")) == ("email", "email")
    assert email.get("required") is not None


def test_the_form_sends_what_was_agreed_on(press: Press, daily: Newsletter) -> None:
    (form,) = parse(sign_up(press, daily)).forms
    form.fields["email"] = "ann@example.org"
    form.inputs["consent"].checked = True
    assert form.form_values() == [
        ("stamp", "stamped"),
        ("email", "ann@example.org"),
        ("consent", "1"),
        ("name", ""),
        ("section", "harbour"),
        ("section", "city"),
        ("briefs", "1"),
        ("frequency", "daily"),
        ("hour", ""),
        ("timezone", "Europe/Athens"),
        ("form", "full"),
        ("language", "en"),
    ]


def test_the_trap_is_for_programs_alone(press: Press, daily: Newsletter) -> None:
    (trap,) = parse(sign_up(press, daily)).xpath("//input[@name='website']")
    assert (trap.get("tabindex"), trap.get("autocomplete")) == ("-1", "off")
    (around,) = trap.xpath("ancestor::*[@aria-hidden='true']")
    assert around.get("class") == "unseen"
    assert trap.get("value") is None


def test_what_was_typed_is_kept_and_what_is_wrong_is_said_beside_it(
    press: Press, daily: Newsletter
) -> None:
    choices = Choices(
        sections=("city",),
        briefs=False,
        frequency=Frequency.WEEKLY,
        hour=7,
        timezone="Asia/Kolkata",
        language="de",
        form=Form.TEXT,
    )
    typed = SignupForm(email="ann at home", name="Ann", choices=choices, agreed=False)
    faults = frozenset({"address", "consent", "timezone"})
    page = check_form_page(sign_up(press, daily, form=typed, faults=faults))
    words = words_for("en")
    assert page.xpath("//*[@role='alert']//a/@href") == ["#email", "#consent", "#timezone"]
    assert page.xpath("//*[@role='alert'][@tabindex='-1'][@autofocus]")
    for name, said in (("email", words.not_address), ("consent", words.not_agreed)):
        (field,) = page.xpath(f"//*[@name='{name}'][@aria-invalid='true']")
        (why,) = page.xpath(f"//*[@id='{field.get('aria-describedby')}']")
        assert why.text_content() == said
    assert page.xpath("//details[@open]")
    (form,) = page.forms
    sent = form.form_values()
    assert {"ann at home", "Ann", "weekly", "7", "Asia/Kolkata", "text", "de"} <= {
        value for _, value in sent
    }
    assert [value for name, value in sent if name == "section"] == ["city"]
    assert not {"briefs", "consent"} & {name for name, _ in sent}


def test_a_domain_that_may_not_sign_up_is_told_so(press: Press, daily: Newsletter) -> None:
    page = parse(sign_up(press, daily, faults=frozenset({"domain"})))
    assert words_for("en").not_domain in page.xpath("//*[@id='email-fault']")[0].text_content()


def test_a_form_from_elsewhere_is_shown_once_more_with_a_new_stamp(
    press: Press, daily: Newsletter
) -> None:
    typed = replace(blank_form(daily, ""), email="ann@example.org", agreed=True)
    page = parse(sign_up(press, daily, "again", form=typed))
    assert page.findtext(".//h1") == words_for("en").once_more
    (form,) = page.forms
    values = dict(form.form_values())
    assert values["stamp"] == "stamped"
    assert (values["email"], values["consent"]) == ("ann@example.org", "1")
    # Nothing differs from what everybody gets.
    assert page.xpath("//details[not(@open)]")


def test_the_answer_is_the_same_whoever_asked(press: Press, daily: Newsletter) -> None:
    one = SignupForm(email="ann@example.org", name="Ann", agreed=True)
    two = SignupForm(email="bob@example.org", choices=Choices(hour=3))
    texts = set()
    for form in (one, two):
        text = sign_up(press, daily, "asked", form=form)
        # What they typed themselves, and nothing else.
        assert text.count(form.email) == 1
        texts.add(text.replace(form.email, ""))
    assert len(texts) == 1
    assert not parse(texts.pop()).forms


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_mistyped_address_is_seen_and_the_form_is_one_click_away(
    evil: str, press: Press, daily: Newsletter
) -> None:
    page = check_form_page(sign_up(press, daily, "asked", form=SignupForm(email=evil)))
    assert not page.xpath("//main//img | //script")
    page = parse(
        sign_up(press, daily, "asked", form=SignupForm(email="an@x.example"), language="de")
    )
    assert page.xpath("//main//bdi/text()") == ["an@x.example"]
    (back,) = page.xpath("//main//a[contains(@href, '/subscribe/')]")
    assert back.get("href") == press.links.subscribe_url("daily") + "?lang=de"
    assert back.text_content() == words_for("de").asked_wrong


def test_only_the_empty_form_is_for_search_engines(press: Press, daily: Newsletter) -> None:
    own = press.links.subscribe_url("daily")
    assert parse(sign_up(press, daily)).xpath("//link[@rel='canonical']/@href") == [own]
    for text in (
        sign_up(press, daily, "asked"),
        sign_up(press, daily, faults=frozenset({"address"})),
        confirm_page("ask", press=press, newsletter=daily),
    ):
        page = parse(text)
        assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
        assert page.xpath("//meta[@name='referrer']/@content") == ["no-referrer"]


def test_a_browsers_dialect_chooses_a_language_that_is_there(
    press: Press, daily: Newsletter
) -> None:
    for wanted, chosen in (("de-AT", "de"), ("en-GB", "en"), ("xx", "en"), ("", "en")):
        (form,) = parse(sign_up(press, daily, language=wanted)).forms
        assert dict(form.form_values())["language"] == chosen
        assert blank_form(daily, wanted).choices.language == chosen


def test_what_is_agreed_to_is_the_newsrooms_sentence_or_ours(daily: Newsletter) -> None:
    ours, language = consent_wording(daily, "de")
    assert "The Daily" in ours
    assert language == "de"
    own = daily.model_copy(update={"consent": "Send me <The Daily>."})
    assert consent_wording(own, "de") == ("Send me <The Daily>.", "en")


@pytest.mark.parametrize("evil", HOSTILE)
def test_no_text_from_outside_breaks_out(evil: str, open_press: Press, daily: Newsletter) -> None:
    fields = {"title": evil, "description": evil, "consent": evil}
    wicked = daily.model_copy(update=fields)
    typed = SignupForm(
        email=evil, name=evil, choices=Choices(timezone=evil, language=evil, sections=(evil,))
    )
    texts = [
        *everything(open_press, wicked),
        sign_up(open_press, wicked, "again", form=typed),
        confirm_page(
            "ask", press=open_press, newsletter=wicked, wording=evil, address=evil, language=evil
        ),
    ]
    for text in texts:
        page = check_form_page(text)
        assert not page.xpath("//img | //body//style")


@given(typed=st.text(max_size=60))
@settings(max_examples=40)
def test_what_is_typed_comes_back_as_one_line_of_text(
    typed: str, press: Press, daily: Newsletter
) -> None:
    page = parse(sign_up(press, daily, "again", form=SignupForm(email=typed, name=typed)))
    (form,) = page.forms
    for name in ("email", "name"):
        assert "\n" not in form.inputs[name].get("value")
    assert len(page.xpath("//input")) == len(parse(sign_up(press, daily)).xpath("//input"))


def test_enormous_input_is_cut(press: Press, daily: Newsletter) -> None:
    huge = "x" * 5_000_000
    text = sign_up(press, daily, "again", form=SignupForm(email=huge, name=huge))
    assert len(text) < 60_000


def announced(page: html.HtmlElement) -> list[str]:
    kinds = ("application/rss+xml", "application/atom+xml", "application/feed+json")
    found = page.xpath("//head/link[@rel='alternate']")
    return [link.get("href") for link in found if link.get("type") in kinds]


def test_where_people_sign_up_programs_find_the_feeds(open_press: Press, daily: Newsletter) -> None:
    feeds = f"{open_press.links.base_url}/feeds"
    formats = ("rss", "atom", "json")
    assert announced(parse(sign_up(open_press, daily))) == [
        *(f"{feeds}/daily/feed.{ending}" for ending in formats),
        *(f"{feeds}/daily/stories/feed.{ending}" for ending in formats),
    ]
    page = parse(choose_page(press=open_press, newsletters=[daily, WEEKLY]))
    assert announced(page) == [
        f"{feeds}/{slug}/feed.{ending}" for slug in ("daily", "weekly") for ending in formats
    ]


def test_several_newsletters_have_a_page_to_choose_from(
    open_press: Press, daily: Newsletter
) -> None:
    page = parse(choose_page(press=open_press, newsletters=[daily, WEEKLY]))
    links = open_press.links
    assert page.xpath("//main//ul//a/@href") == [
        links.subscribe_url("daily"),
        links.subscribe_url("weekly"),
    ]
    names = [link.text_content() for link in page.xpath("//main//ul//a")]
    assert names == ["Subscribe: The Daily", "Subscribe: The Weekly"]
    none = parse(choose_page(press=open_press, newsletters=[]))
    assert words_for("en").closed in none.text_content()


@pytest.mark.parametrize(("state", "buttons"), [("ask", 1), ("done", 0), ("old", 0), ("bad", 0)])
def test_confirming_takes_one_button(
    state: ConfirmState, buttons: int, open_press: Press, daily: Newsletter
) -> None:
    text = confirm_page(
        state,
        press=open_press,
        newsletter=daily,
        wording="Send me The Daily.",
        wording_language="en",
        address="a•••@example.org",
    )
    page = check_form_page(text)
    assert len(page.xpath("//form//button")) == buttons
    shown = page.find(".//main").text_content()
    assert ("Send me The Daily." in shown) == (state == "ask")
    assert ("a•••@example.org" in shown) == (state in ("ask", "done"))
    again = open_press.links.subscribe_url("daily")
    assert page.xpath(f"boolean(//a[@href='{again}'])") == (state == "old")
    archive = open_press.links.newsletter_url("daily")
    assert page.xpath(f"boolean(//a[@href='{archive}'])") == (state == "done")


def test_an_old_link_of_no_known_newsletter_leads_to_where_one_signs_up(
    press: Press, open_press: Press
) -> None:
    page = parse(confirm_page("old", press=open_press))
    (button,) = page.xpath("//main//a[@class='button']/@href")
    assert button == open_press.links.subscribe_url()
    # Where nobody can, nobody is sent.
    assert not parse(confirm_page("old", press=press)).xpath("//a[contains(@href, '/subscribe')]")


def test_every_place_has_one_name_and_one_zone() -> None:
    groups = zone_groups(frozenset(available_timezones()), "de")
    zones = [zone for _, places in groups for zone, _ in places]
    names = [name for _, places in groups for _, name in places]
    assert 400 < len(zones) < 450
    assert len(set(zones)) == len(zones)
    assert len(set(names)) == len(names)
    assert {"Europe/Kyiv", "Asia/Kolkata", "Atlantic/Reykjavik", "UTC"} <= set(zones)
    assert not {"Europe/Kiev", "Asia/Calcutta", "US/Eastern", "EST", "Etc/GMT+5"} & set(zones)
    assert [title for title, _ in groups] == [
        *("Afrika", "Amerika", "Antarktis", "Asien", "Europa", "Ozeanien", "")
    ]
    assert (zone_name("Europe/Kyiv", "uk"), zone_name("Europe/Vienna", "de")) == ("Київ", "Wien")
    assert zone_name("Nowhere/Such_Place", "ar") == "Such Place"


def test_the_longest_page_stays_light(press: Press, daily: Newsletter) -> None:
    for language in TAGS:
        page = signup_page(
            "ask",
            press=press,
            newsletter=daily,
            sections=SECTIONS,
            frequencies=list(Frequency),
            languages=known_languages(),
            zones=available_timezones(),
            language=language,
        )
        assert len(page.encode()) < 60_000


def test_pages_lead_to_where_one_signs_up_and_only_there(
    press: Press, daily: Newsletter, morning: Edition
) -> None:
    def offered(*slugs: str) -> list[str]:
        with_slugs = replace(press, sign_up=frozenset(slugs))
        page = edition_page(told(morning, with_slugs), press=with_slugs, newsletter=daily)
        check_page(page)
        return [str(link) for link in parse(page).xpath("//a[contains(@href, '/subscribe')]/@href")]

    own = press.links.subscribe_url("daily")
    assert offered("daily", "weekly") == [own, own]
    assert offered("weekly") == offered() == []
