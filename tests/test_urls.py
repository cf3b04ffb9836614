"""Link wrappers taken off, and parameters that only count readers."""

import json
from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.urls import MOST_WRAPPERS, canonical_url, untracked, unwrap

PAGE = "https://quay.example/2026/ferry-runs?id=7&b=2"
CODED = quote(PAGE, safe="")


def coded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


WRAPPED = {
    "a search": f"https://www.google.com/url?q={CODED}&sa=D",
    "an alert": f"https://www.google.co.uk/url?rct=j&sa=t&url={CODED}&ct=ga&cd=Cx",
    "an alert as HTML": f"https://www.google.com/url?rct=j&amp;sa=t&amp;url={CODED}&amp;ct=ga",
    "scholar": f"https://scholar.google.com/scholar_url?url={CODED}&hl=en",
    "facebook": f"https://l.facebook.com/l.php?u={CODED}&h=AT0",
    "facebook, mobile": f"http://lm.facebook.com/l.php?u={CODED}",
    "instagram": f"https://l.instagram.com/?u={CODED}&e=AT",
    "reddit": f"https://out.reddit.com/t3_abc?url={CODED}&token=x",
    "tumblr": f"https://t.umblr.com/redirect?z={CODED}&t=x",
    "outlook": f"https://nam02.safelinks.protection.outlook.com/?url={CODED}&data=05%7C01&reserved=0",
    "proofpoint 1": f"https://urldefense.proofpoint.com/v1/url?u={CODED}&k=x",
    "proofpoint 2": "https://urldefense.proofpoint.com/v2/url?u=https-3A__quay.example_2026_ferry"
    "-2Druns-3Fid-3D7-26b-3D2&d=DwMFaQ",
    "proofpoint 3": f"https://urldefense.com/v3/__{PAGE}__;!!AbC123!xyz$",
    "proofpoint 3, one slash": f"https://urldefense.us/v3/__{PAGE.replace('//', '/')}__;!!A!x$",
    "barracuda": f"https://linkprotect.cudasvc.com/url?a={CODED}&c=E,1",
    "cisco": f"https://secure-web.cisco.com/1AbC/{CODED}",
    "substack": "https://substack.com/redirect/2/" + coded(json.dumps({"e": PAGE})) + ".Sig_na",
    "mandrill": "https://mandrillapp.com/track/click/1/quay.example?p="
    + coded(json.dumps({"p": json.dumps({"url": PAGE})})),
    "convertkit": f"https://click.convertkit-mail.com/abc/def/{coded(PAGE)}",
    "slack": f"https://slack-redir.net/link?url={CODED}",
    "vk": f"https://vk.com/away.php?to={CODED}&cc_key=",
    "steam": f"https://steamcommunity.com/linkfilter/?url={CODED}",
    "youtube": f"https://www.youtube.com/redirect?event=v&q={CODED}",
    "disqus": "https://disq.us/url?url=" + quote(PAGE + ":AbCdEfGhIjKlMnOpQrStUvWx", safe=""),
    "linkedin": f"https://www.linkedin.com/redir/redirect?url={CODED}",
    "duckduckgo": f"https://duckduckgo.com/l/?uddg={CODED}&rut=x",
    "bing": f"https://www.bing.com/ck/a?!&&p=1&u=a1{coded(PAGE)}&ntb=1",
    "bing news": f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&url={CODED}",
    "yahoo": f"https://r.search.yahoo.com/_ylt=A/RV=2/RU={CODED}/RK=2/RS=x-",
    "an AMP cache": "https://cdn.ampproject.org/c/s/quay.example/2026/ferry-runs?id=7&b=2&usqp=x",
    "an AMP cache by site": "https://quay-example.cdn.ampproject.org/v/s/quay.example/2026/"
    "ferry-runs?amp_js_v=0.1&id=7&b=2",
    "an AMP viewer": "https://www.google.com/amp/s/quay.example/2026/ferry-runs?id=7&b=2",
    "Amazon's mail": f"https://x.r.eu-west-1.awstrack.me/L0/{quote(PAGE, safe='?=&')}/1/01".replace(
        "?", "%3F"
    ),
    "all in capitals": f"HTTPS://WWW.GOOGLE.COM/url?q={CODED}",
}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED.keys())
def test_a_link_wrapper_comes_off(wrapped: str) -> None:
    assert unwrap(wrapped) == PAGE
    assert canonical_url(wrapped) == PAGE


def test_an_amp_page_without_encryption_keeps_its_scheme() -> None:
    assert unwrap("https://cdn.ampproject.org/c/quay.example/a") == "http://quay.example/a"


def test_proofpoint_3_spells_out_what_it_replaced() -> None:
    def check(written: str, replaced: str, target: str) -> None:
        url = f"https://urldefense.com/v3/__https://quay.example/{written}__;{coded(replaced)}!!A!$"
        assert unwrap(url) == f"https://quay.example/{target}"

    check("a*b", "#", "a#b")
    check("a**B", "äöü", "aäöü")
    check("*-**A*-", "#éè*", "#-éè*-")
    check("100*25", "%", "100%25")
    # Fewer than announced: the rest stays a star.
    check("a*b*", "#", "a#b*")


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        f"https://quay.example/url?q={CODED}",
        f"https://google.com.quay.example/url?q={CODED}",
        f"https://www.google.com/search?q={CODED}",
        "https://www.google.com/url?q=javascript%3Aalert(1)",
        "https://www.google.com/url?q=ferry+times",
        "https://www.google.com/url?q=https%3A%2F%2F",
        "https://www.google.com/url?q=https%3A%2F%2F%5Bbroken",
        "https://www.google.com/url?q=https%3A%2F%2Fquay.example%2F%E9",
        "https://l.facebook.com/l.php?u=ftp%3A%2F%2Fquay.example",
        "https://news.google.com/rss/articles/CBMiK2h0dHBz?oc=5",
        "https://quay.us1.list-manage.com/track/click?u=1&id=2&e=3",
        "https://u1.ct.sendgrid.net/ls/click?upn=u001.AbC",
        "https://feedproxy.google.com/~r/quay/~3/x1/ferry",
        "https://substack.com/redirect/2/!!!",
        "https://substack.com/redirect/2/" + "W" * 3_000,
        "https://urldefense.com/v3/__https://quay.example",
        "https://www.youtube.com/watch?v=abc",
        "mailto:desk@quay.example",
        "https://[broken/url?q=x",
        "",
        "no address",
    ],
)
def test_what_is_no_wrapper_or_wraps_no_address_stays_as_it_is(url: str) -> None:
    assert unwrap(url) == url


def test_wrappers_come_off_to_a_depth_and_deeper_ones_are_left_alone() -> None:
    wrapped = PAGE
    for _ in range(MOST_WRAPPERS):
        wrapped = f"https://www.google.com/url?q={quote(wrapped, safe='')}"
    assert unwrap(wrapped) == PAGE
    deeper = f"https://l.facebook.com/l.php?u={quote(wrapped, safe='')}"
    assert unwrap(deeper) == deeper


@given(st.sampled_from(sorted(WRAPPED.values())), st.text(max_size=20), st.integers(0, 120))
@settings(max_examples=50)
def test_an_unwrapped_or_canonical_address_stays_as_it_is(url: str, noise: str, place: int) -> None:
    spoiled = url[:place] + noise + url[place:]
    assert unwrap(unwrap(spoiled)) == unwrap(spoiled)
    assert untracked(untracked(spoiled)) == untracked(spoiled)
    canonical = canonical_url(spoiled)
    assert canonical is None or canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "parameter",
    [
        *(
            "utm_source=rss",
            "fbclid=1",
            "hsa_acc=1",
            "mtm_campaign=x",
            "pk_kwd=x",
            "piwik_medium=x",
        ),
        *("matomo_cid=1", "guccounter=1", "guce_referrer=aHR0", "trk=feed", "sc_channel=em"),
        *("gad_source=1", "__hstc=1", "_bhlid=1", "at_link_id=1", "MC_EID=2", "wt.mc_id=1"),
    ],
)
def test_a_parameter_that_only_counts_readers_goes(parameter: str) -> None:
    assert (
        canonical_url(f"https://quay.example/a?{parameter}&id=7") == "https://quay.example/a?id=7"
    )
    assert untracked(f"https://quay.example/a?{parameter}#top") == "https://quay.example/a#top"


@pytest.mark.parametrize(
    "parameter",
    [
        *("id=7", "ref=main", "source=harbour", "campaign_id=4", "sc_lang=uk", "sc_itemid=1"),
        *("pk_id=3", "page=2", "q=ferry", "at=noon", "v=abc", "trkpnt=1", "s=1", "format=full"),
    ],
)
def test_a_parameter_that_may_choose_the_page_stays(parameter: str) -> None:
    url = f"https://quay.example/a?{parameter}"
    assert canonical_url(url) == url
    assert untracked(url) == url


def test_untracked_keeps_the_rest_as_it_is_written() -> None:
    url = "https://Quay.example:443/Straße?b=ü&utm_medium=x&a=%C3%BC#Teil-2"
    assert untracked(url) == "https://Quay.example:443/Straße?b=ü&a=%C3%BC#Teil-2"
