"""What tables say of people: ours and other products', whom to mail, and on whose word."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Conflict, NotFound
from digest.exports import guarded
from digest.model import Barred, SubscriptionState
from digest.reading.exported import columns_of
from digest.reading.moving import Passed, People, Person, Terms, unguarded
from make import MORNING

OURS = "email,name,language,timezone,sections,consent_at,consent_from"


def make_terms(**fields: Any) -> Terms:
    values: dict[str, Any] = {
        "newsletter": "daily",
        "slugs": ["harbour", "elsewhere"],
        "timezone": "Europe/Athens",
        "now": MORNING,
    }
    return Terms(**(values | fields))


def people_of(header: str, *, file_name: str = "", **fields: Any) -> People:
    return People(columns_of(header.split(","), file_name=file_name), make_terms(**fields))


def read(header: str, row: str, **fields: Any) -> Person | Passed:
    return people_of(header, **fields).read(2, row.split(","))


def person(header: str, row: str, **fields: Any) -> Person:
    found = read(header, row, **fields)
    assert isinstance(found, Person)
    return found


# ------------------------------------------------------------------------- columns


def test_columns_are_known_in_any_case_and_spelling() -> None:
    header = ["E-Mail", " NAME ", "Consent At", "consent-from", "Shoe size", "Time Zone"]
    assert columns_of(header).named == (
        ("E-Mail", "email"),
        (" NAME ", "name"),
        ("Consent At", "consent_at"),
        ("consent-from", "consent_from"),
        ("Shoe size", ""),
        ("Time Zone", "timezone"),
    )


def test_columns_can_be_mapped_and_passed_over() -> None:
    columns = columns_of(
        ["Adresse", "Vorname", "Nachname", "name"],
        mapping={"adresse": "email", "Vorname": "name", "NACHNAME": "name", "name": ""},
    )
    people = People(columns, make_terms(consent_at=MORNING, consent_from="reader event"))
    found = people.read(2, ["a@example.com", "Ada", "Brook", "nobody"])
    assert isinstance(found, Person)
    assert (found.name, found.consent_at, found.consent_from) == (
        "Ada Brook",
        MORNING,
        "reader event",
    )


@pytest.mark.parametrize(
    ("header", "mapping", "error", "said"),
    [
        (["name"], {}, NotFound, "no column email"),
        (["a@example.com"], {}, NotFound, "first line must name columns"),
        (["email", "E-Mail"], {}, Conflict, "'email' and 'E-Mail' are both email"),
        (["email"], {"mail": "email"}, NotFound, "no column 'mail'; it has email"),
        (["email"], {"email": "adress"}, NotFound, "no field 'adress'; there are email"),
    ],
)
def test_columns_that_make_no_table_of_people_are_refused(
    header: list[str], mapping: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        columns_of(header, mapping=mapping)


@pytest.mark.parametrize(
    ("header", "fields", "said"),
    [
        ("email", {}, "no column consent_at"),
        ("email,consent_at", {}, "no column consent_from"),
        ("email", {"consent_at": MORNING}, "no column consent_from"),
        ("email", {"consent_from": "form"}, "no column consent_at"),
        ("uuid,email,name,attributes,status,created_at,updated_at", {}, "listmonk's export has"),
    ],
)
def test_a_table_in_which_nobody_agreed_is_refused_whole(
    header: str, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotFound, match=said):
        people_of(header, **fields)


# ---------------------------------------------------------------------------- rows


def test_a_row_says_what_somebody_wants() -> None:
    header = f"{OURS},form,frequency,hour,briefs,tags"
    found = person(
        header,
        "Ada.Brook@EXAMPLE.com, Ada  Brook ,uk,Europe/Kyiv,harbour,2026-01-02T10:00:00+01:00,form,"
        "text,weekdays,6,no,press;lower quay",
        tags=("2026", "press"),
    )
    assert found == Person(
        line=2,
        email="Ada.Brook@example.com",
        folded="ada.brook@example.com",
        name="Ada Brook",
        language="uk",
        timezone="Europe/Kyiv",
        form="text",
        sections=("harbour",),
        tags=("press", "lower quay", "2026"),
        frequency="weekdays",
        hour=6,
        briefs=False,
        state="active",
        until=None,
        consent_at=datetime(2026, 1, 2, 9, tzinfo=UTC),
        consent_from="form",
    )


def test_what_a_row_does_not_say_is_the_newsletter_s_own() -> None:
    found = person(OURS, "a@example.com,,,,,2026-01-02,form")
    # The newsletter's is kept of nobody: it may change.
    assert (found.language, found.timezone, found.form, found.frequency) == (
        "",
        "Europe/Athens",
        "full",
        "daily",
    )
    assert (found.hour, found.briefs, found.sections, found.tags) == (None, True, (), ())
    assert found.consent_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert person("email,consent_at,consent_from", "a@example.com,2026-01-02,form").timezone == (
        "Europe/Athens"
    )
    # Whoever says so is there.
    assert person(OURS, "a@example.com,,,UTC,,2026-01-02,form").timezone == "UTC"


def test_whoever_wants_every_section_wants_those_to_come() -> None:
    assert person(OURS, "a@example.com,,,,elsewhere; harbour,2026-01-02,form").sections == ()


def test_a_section_goes_by_the_name_that_it_had_before() -> None:
    row = "a@example.com,,,,quay; harbour; elsewhere,2026-01-02,form"
    slugs = ["harbour", "elsewhere", "sport"]
    found = person(OURS, row, slugs=slugs, renamed={"quay": "harbour"})
    assert found.sections == ("harbour", "elsewhere")


def test_rows_may_be_shorter_and_have_empty_cells_behind() -> None:
    header = "email,consent_at,consent_from,name"
    assert person(header, "a@example.com,2026-01-02,form").name == ""
    assert person(header, "a@example.com,2026-01-02,form,A,,").name == "A"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("not an address,A,en,UTC,,2026-01-02,form", "'not an address' is not an address"),
        (",A,en,UTC,,2026-01-02,form", "'' is not an address"),
        ("a@example.com\r\nBcc: b@example.com,A,en,UTC,,2026-01-02,form", "is not an address"),
        ("a@example.com,A,en,Mars/Base,,2026-01-02,form", "'Mars/Base' is not a time zone"),
        ("a@example.com,A,en,../etc,,2026-01-02,form", "is not a time zone"),
        ("a@example.com,A,Greek to me,UTC,,2026-01-02,form", "is not a language code"),
        ("a@example.com,A,en,UTC,nonsense,2026-01-02,form", "no section 'nonsense'; there are h"),
        ("a@example.com,A,en,UTC,,,form", "consent_at and consent_from must say when and where"),
        ("a@example.com,A,en,UTC,,2026-01-02,", "consent_at and consent_from must say when and"),
        ("a@example.com,A,en,UTC,,last week,form", "'last week' is not a date such as 2026-01-31"),
        ("a@example.com,A,en,UTC,,31/01/2026,form", "is not a date"),
        ("a@example.com,A,en,UTC,,0001-01-01,form", "not a date on which anybody agreed"),
        ("a@example.com,A,en,UTC,,2026-06-01,form", "not a date on which anybody agreed"),
        ("a@example.com,A,en,UTC,,9999-12-31,form", "not a date on which anybody agreed"),
        (f"a@example.com,{'A' * 201},en,UTC,,2026-01-02,form", "a name of 201 characters"),
        ("a@example.com,A\nb@example.com,en,UTC,,2026-01-02,form", "is a quote not closed?"),
        (f"a@example.com,A,en,UTC,,2026-01-02,{'x' * 501}", "more than 500 characters"),
        ("a@example.com,A,en,UTC,,2026-01-02,form,more", "8 cells under 7 columns"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_in_words(row: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read(OURS, row)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("form", "pretty", "no form 'pretty'; there are full, compact, text"),
        ("frequency", "hourly", "no frequency 'hourly'; there are daily, weekdays"),
        ("hour", "24", "no hour '24'; there are 0 to 23"),
        ("hour", "٣", "no hour"),
        ("hour", "9" * 5_000, "no hour"),
        ("briefs", "maybe", "neither yes nor no"),
        ("tags", "x" * 65, "is no tag"),
        ("state", "undecided", "no state 'undecided'"),
        ("state", "paused", "no column until says how long"),
    ],
)
def test_what_is_wrong_with_a_wish_is_said_in_words(column: str, cell: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read(f"email,consent_at,consent_from,{column}", f"a@example.com,2026-01-02,form,{cell}")


def test_names_show_nothing_that_is_not_there() -> None:
    header = "email,name,consent_at,consent_from"
    found = person(header, "a@example.com,\u202eadA\u200b \u2066Brook\ufeff\x07,2026-01-02,form")
    assert found.name == "adA Brook"


def test_a_pause_ends_on_its_day() -> None:
    header = "email,consent_at,consent_from,state,until"
    later = MORNING + timedelta(days=9)
    found = person(header, f"a@example.com,2026-01-02,form,paused,{later.isoformat()}")
    assert (found.state, found.until) == ("paused", later)
    found = person(header, "a@example.com,2026-01-02,form,paused,2026-05-01")
    assert (found.state, found.until) == ("active", None)


def test_rows_of_other_newsletters_are_passed_over() -> None:
    header = "email,consent_at,consent_from,newsletter"
    assert isinstance(read(header, "a@example.com,2026-01-02,form,daily"), Person)
    assert isinstance(read(header, "a@example.com,2026-01-02,form,"), Person)
    assert read(header, "a@example.com,2026-01-02,form,weekly") == Passed(2, "", None)


def test_domains_that_are_barred_bar_those_below_them() -> None:
    people = people_of(OURS, barred_domains={"mail.example"})
    assert people.is_barred("a@mail.example")
    assert people.is_barred("a@b.mail.example")
    assert not people.is_barred("a@email.example")
    assert not people_of(OURS).is_barred("a@mail.example")


# --------------------------------------------------------------------------- peers

MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
GONE = MAILCHIMP.replace(
    ",LEID",
    ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID",
)
MC_ROW = (
    "ada@example.com,Ada,Brook,2,2019-03-02 08:00:00,192.0.2.7,2019-03-02 09:15:00,192.0.2.7,"
    ",,,,Europe/London,GB,ENG,2020-01-01 00:00:00,1,a,,"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
    "deleted_at,labels,tiers"
)
SUBSTACK = "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at"


@pytest.mark.parametrize(
    ("header", "peer"),
    [
        (MAILCHIMP, "Mailchimp"),
        (GONE, "Mailchimp"),
        (LISTMONK, "listmonk"),
        (GHOST, "Ghost"),
        (GHOST.replace("tiers", "products"), "Ghost"),
        (SUBSTACK, "Substack"),
        ("Email,Name,Stripe plan,Cancel date,Start date,Paid upgrade date,Activity", "Substack"),
        (OURS, ""),
    ],
)
def test_an_export_is_known_by_its_columns(header: str, peer: str) -> None:
    found = columns_of(header.split(",")).peer
    assert (found.name if found else "") == peer


def test_mailchimp_knows_when_people_agreed() -> None:
    found = person(MAILCHIMP, MC_ROW)
    assert (found.name, found.consent_from) == ("Ada Brook", "Mailchimp")
    assert found.consent_at == datetime(2019, 3, 2, 9, 15, tzinfo=UTC)
    asked = person(MAILCHIMP, MC_ROW.replace("2019-03-02 09:15:00", ""), consent_from="our form")
    assert (asked.consent_at.hour, asked.consent_from) == (8, "our form")
    with pytest.raises(ValueError, match="must say when"):
        read(
            MAILCHIMP, MC_ROW.replace("2019-03-02 09:15:00", "").replace("2019-03-02 08:00:00", "")
        )


def test_mailchimp_s_tags_are_tags() -> None:
    people = people_of(MAILCHIMP)
    found = people.read(2, [*MC_ROW.split(",")[:-1], '"lower quay","press; local"'])
    assert isinstance(found, Person)
    assert found.tags == ("lower quay", "press, local")


@pytest.mark.parametrize(
    ("file_name", "cause"),
    [
        ("subscribed_email_audience_export_0a1b2c.csv", "subscribed"),
        ("audience.csv", "subscribed"),
        ("unsubscribed_email_audience_export_0a1b2c.csv", Barred.LEFT),
        ("cleaned_email_audience_export_0a1b2c.csv", Barred.BOUNCE),
        ("nonsubscribed_email_audience_export_0a1b2c.csv", None),
    ],
)
def test_mailchimp_says_who_left_by_the_name_of_the_file(
    file_name: str, cause: Barred | str | None
) -> None:
    found = people_of(MAILCHIMP, file_name=file_name).read(2, MC_ROW.split(","))
    assert ("subscribed" if isinstance(found, Person) else found.cause) == cause


@pytest.mark.parametrize(
    ("when", "reason", "cause"),
    [
        ("2021-01-01 00:00:00", "NORMAL", Barred.LEFT),
        ("2021-01-01 00:00:00", "ABUSE (marked as spam)", Barred.COMPLAINT),
        ("", "", "subscribed"),
    ],
)
def test_mailchimp_says_who_left_in_the_row(when: str, reason: str, cause: Barred | str) -> None:
    cells = MC_ROW.split(",")
    found = people_of(GONE).read(2, [*cells[:16], when, "", "", reason, "", *cells[16:]])
    assert ("subscribed" if isinstance(found, Person) else found.cause) == cause


@pytest.mark.parametrize(
    ("status", "cause"),
    [("enabled", "subscribed"), ("disabled", None), ("blocklisted", Barred.REQUEST)],
)
def test_listmonk_says_who_may_be_mailed(status: str, cause: Barred | str | None) -> None:
    row = f"u,a@example.com,Ada,{{}},{status},2023-05-01 10:11:12.123456789 +0200 CEST,"
    found = read(LISTMONK, row, consent_from="our form")
    assert ("subscribed" if isinstance(found, Person) else found.cause) == cause
    if isinstance(found, Person):
        assert found.consent_at == datetime(2023, 5, 1, 8, 11, 12, 123456, tzinfo=UTC)
        assert found.consent_from == "our form"


@pytest.mark.parametrize(
    ("subscribed", "deleted", "cause"),
    [
        ("true", "", "subscribed"),
        ("false", "", Barred.LEFT),
        ("", "", None),
        ("true", "2024-02-02T00:00:00.000Z", Barred.LEFT),
    ],
)
def test_ghost_says_who_may_be_mailed(
    subscribed: str, deleted: str, cause: Barred | str | None
) -> None:
    row = f"1,a@example.com,Ada,,{subscribed},false,,2024-01-15T10:00:00.000Z,{deleted},,"
    found = people_of(GHOST, consent_from="our form").read(
        2, [*row.split(",")[:9], "press, friends", ""]
    )
    assert ("subscribed" if isinstance(found, Person) else found.cause) == cause
    if isinstance(found, Person):
        assert found.tags == ("press", "friends")


@pytest.mark.parametrize(("disabled", "cause"), [("false", "subscribed"), ("true", Barred.LEFT)])
def test_substack_says_who_may_be_mailed(disabled: str, cause: Barred | str) -> None:
    row = f"a@example.com,false,,other,{disabled},2024-01-15T10:00:00.000Z,"
    found = read(SUBSTACK, row, consent_from="our page")
    assert ("subscribed" if isinstance(found, Person) else found.cause) == cause


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("Subscribed", "subscribed"),
        ("unsubscribed", Barred.LEFT),
        ("cleaned", Barred.BOUNCE),
        ("complained", Barred.COMPLAINT),
        ("pending", None),
    ],
)
def test_a_column_of_states_is_obeyed_in_any_table(state: str, cause: Barred | str | None) -> None:
    found = read("email,status,consent_at,consent_from", f"a@example.com,{state},2026-01-02,form")
    assert ("subscribed" if isinstance(found, Person) else found.cause) == cause


@pytest.mark.parametrize(
    ("newsletter", "cause", "expected"),
    [
        ("daily", "one-click", SubscriptionState.ENDED),
        ("", "", SubscriptionState.ENDED),
        ("daily", "bounce", Barred.BOUNCE),
        ("daily", "complaint", Barred.COMPLAINT),
        ("weekly", "one-click", None),
    ],
)
def test_of_our_own_export_who_left_a_newsletter_left_that_one(
    newsletter: str, cause: str, expected: Barred | SubscriptionState | None
) -> None:
    header = "email,newsletter,state,cause,consent_at,consent_from"
    found = read(header, f"a@example.com,{newsletter},ended,{cause},,")
    assert isinstance(found, Passed)
    assert (found.email, found.cause) == ("a@example.com" if expected else "", expected)


def test_those_who_ended_here_stay_out_for_what_ended_it() -> None:
    header = "email,state,cause,consent_at,consent_from"
    for cause, barred in (
        ("bounce", Barred.BOUNCE),
        ("complaint", Barred.COMPLAINT),
        ("one-click", Barred.LEFT),
    ):
        found = read(header, f"a@example.com,ended,{cause},2026-01-02,form")
        assert found == Passed(2, "a@example.com", barred)


# ------------------------------------------------------------------------- formulas


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-2", "@me", "\tx", "\rx", "\nx", "＝1", "'=1"])
def test_a_cell_that_could_be_a_formula_is_made_safe(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "'", "'quoted'", "O'Tide", "1-2", "a=b", "''s"])
def test_any_other_cell_is_left_alone(cell: str) -> None:
    assert guarded(cell) == cell
    assert unguarded(cell) == cell


@settings(max_examples=40)
@given(st.text(alphabet="'=+-@\t\r\n＝ａa0 ", max_size=8))
def test_what_was_made_safe_comes_back_as_it_was(cell: str) -> None:
    safe = guarded(cell)
    assert unguarded(safe) == cell
    assert not safe or safe[0] not in "=+-@\t\r\n＝＋－＠"


@settings(max_examples=40)
@given(st.lists(st.text(max_size=30), max_size=9))
def test_any_cells_are_a_person_or_words(cells: list[str]) -> None:
    people = people_of(f"{OURS},state,tags")
    try:
        found: object = people.read(2, cells)
    except ValueError as refused:
        found = str(refused)
    assert found
