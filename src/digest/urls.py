"""Web addresses: the one spelling that two links to a page have in common.

Behind the door: which query parameters only count readers, and which addresses are wrappers
around another one, read without asking anybody.  Not behind it: short links, whose target
only their owner knows.  Ground: pure, and known to every room.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from functools import lru_cache
from json import loads
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

#: Longer addresses are embedded pictures or attacks.
LONGEST_URL: Final = 4_000
#: A link wrapped more often than this is left as it is.
MOST_WRAPPERS: Final = 5

#: Parameters that never choose what a page shows.  `ref`, `source`, `campaign_id`, `sc_lang` and
#: their like do on some sites, and stay.
_TRACKING = re.compile(
    r"utm_.*|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|igshid|igsh"
    r"|li_fat_id|mc_cid|mc_eid|mc_tc|mkt_tok|_hsenc|_hsmi|__hs(?:tc|sc|fp)|hsctatracking"
    r"|hss_channel|hsa_[a-z]+|vero_id|vero_conv|oly_enc_id|oly_anon_id|_openstat|wickedid"
    r"|rb_clickid|s_cid|s_kwcid|ef_id|cmpid|intcmp"
    r"|at_(?:campaign(?:_type)?|medium|custom\d|link_(?:id|origin|type)|ptr_name|bbc_team"
    r"|format|creation|channel|variant|recipient_(?:id|list)|send_date)"
    r"|ns_(?:mchannel|source|campaign|linkname|fee)|spm|_ga|_gl|gad_(?:source|campaignid)|srsltid"
    r"|ref_src|ref_url|xtor|(?:mtm|pk|piwik|matomo)_(?:campaign|cpn|kwd|keyword|source|medium"
    r"|content|cid|vid|group|placement)"
    r"|guccounter|guce_referrer(?:_sig)?|trk|trk(?:campaign|info|email)|trk_(?:contact|msg|module"
    r"|sid)|sc_(?:campaign|category|channel|cid|content|country|customer|eh|geo|lid|llid|medium"
    r"|outcome|publisher|segment|src|uid)"
    r"|campaign_(?:medium|source|term|content)|itm_(?:campaign|content|medium|source|term)"
    r"|fb_(?:action_ids|action_types|ref|source)|action_(?:object|type|ref)_map|mibextid"
    r"|__twitter_impression|__s|_kx|_bhlid|_branch_(?:match_id|referrer)|__readwiselocation"
    r"|bsft_[a-z]+|ml_subscriber(?:_hash)?|ck_subscriber_id|inf_contact_key|sb_referer_host"
    r"|ss_(?:source|campaign_id|campaign_name|campaign_sent_date|email_id)|dm_[it]|epik"
    r"|elq(?:track|trackid|campaignid|aid|at)|wt[._]mc(?:_id)?|wt_zmc|ocid|tblci|dicbo"
    r"|ob_?click_?id|outbrainclickid|irclickid|spm_id_from|amp_js_v|amp_gsa|usqp",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9._:-]+")
#: What nearly all addresses look like; taking those apart by the book costs three times as much.
_SIMPLE = re.compile(r"https?://([A-Za-z0-9.-]+)(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")

#: The target in *url*, whose parts and host (lower-case ASCII) are given; None if it tells none.
_Reader = Callable[[str, SplitResult], str | None]


def canonical_url(url: str | None) -> str | None:
    """The address that two links to one page have in common; None unless http(s).

    Wrappers come off; tracking parameters, fragment, default port, user and password go; the
    host is lower case ASCII; what is not ASCII elsewhere is percent-encoded (RFC 3986).
    """
    if not url or len(url) > LONGEST_URL:
        return None
    url = unwrap(_CONTROLS.sub("", url).strip())
    try:
        parts = urlsplit(url)
        ascii_host, port = _host(parts), parts.port
    except ValueError:  # a broken port or bracket; UnicodeError of a broken host is one too
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not _HOST.fullmatch(ascii_host):
        return None
    where = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        where = f"{where}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(_kept(parts.query), safe="/%:@!$&'()*+,;=~-._?[]")
    return urlunsplit(SplitResult(scheme, where, path, query, ""))


def unwrap(url: str) -> str:
    """The address inside *url*, if *url* is a link wrapper whose target stands in it.

    Redirectors of search engines, networks and mail filters, AMP caches; up to `MOST_WRAPPERS`
    of them, one inside the other.  Only known hosts: ``?url=`` of any other may mean anything.
    The target is as its writer wrote it; *url* itself comes back unless the target is http(s).
    """
    found, layers = url, 0
    while (target := _target(found)) is not None:
        found, layers = target, layers + 1
        if layers > MOST_WRAPPERS:
            return url
    return found


def untracked(url: str) -> str:
    """*url* unwrapped and without tracking parameters, otherwise as it is written."""
    url = unwrap(url)
    head, mark, fragment = url.partition("#")
    page, question, query = head.partition("?")
    kept = _kept(query)
    if kept == query:
        return url
    return page + (question + kept if kept else "") + mark + fragment


def _kept(query: str) -> str:
    return "&".join(
        pair
        for pair in query.split("&")
        if pair and not _TRACKING.fullmatch(pair.partition("=")[0])
    )


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    return host if host.isascii() else host.encode("idna").decode("ascii")


# --------------------------------------------------------------------- wrappers


def _target(url: str) -> str | None:
    """What the outermost wrapper of *url* is around; None if there is none."""
    try:
        host = _web_host(url)
        reader = _reader(host) if host else None
        if reader is None:
            return None
        target = reader(url, urlsplit(_CONTROLS.sub("", url)))
        if target is None or len(target) > LONGEST_URL:
            return None
        target = _CONTROLS.sub("", target)
        return target if _web_host(target) else None
    except ValueError:
        return None


def _web_host(url: str) -> str | None:
    """The host of an http(s) address, in lower-case ASCII; None for others.

    Raises:
        ValueError: there is no telling.
    """
    simple = _SIMPLE.match(url)
    if simple is not None:
        return simple[1].lower().rstrip(".") or None
    parts = urlsplit(_CONTROLS.sub("", url))
    host = _host(parts)
    usable = parts.scheme in ("http", "https") and parts.port != 0 and _HOST.fullmatch(host)
    return host if usable else None


@lru_cache(maxsize=4_096)
def _reader(host: str) -> _Reader | None:
    if _GOOGLE.fullmatch(host):
        return _google
    while host:
        if host in _WRAPPERS:
            return _WRAPPERS[host]
        host = host.partition(".")[2]
    return None


def _decoded(value: str) -> str | None:
    """A percent-encoded address; None if that is not what *value* is.

    A plus sign stays one: addresses have no blanks.
    """
    try:
        found = unquote(value, errors="strict").strip()
    except UnicodeDecodeError:
        return None
    if found.startswith("//"):
        found = "https:" + found
    return found if found[:8].lower().startswith(("http://", "https://")) else None


def _asked(*names: str, path: str = "/.*") -> _Reader:
    """A reader of the first of the query parameters *names* that holds an address."""
    fits = re.compile(path)

    def read(_url: str, parts: SplitResult) -> str | None:
        if not fits.fullmatch(parts.path or "/"):
            return None
        told = [pair.partition("=") for pair in parts.query.replace("&amp;", "&").split("&")]
        values = (value for name in names for key, _, value in told if key.lower() == name)
        return next((found for value in values if (found := _decoded(value))), None)

    return read


def _behind(pattern: str) -> _Reader:
    """A reader of the percent-encoded address that is group 1 of *pattern* in the path."""
    fits = re.compile(pattern)

    def read(_url: str, parts: SplitResult) -> str | None:
        match = fits.match(parts.path)
        return _decoded(match[1]) if match else None

    return read


def _base64(pattern: str) -> _Reader:
    """A reader of the address in URL-safe base64 that is group 1 of *pattern*."""
    fits = re.compile(pattern)

    def read(_url: str, parts: SplitResult) -> str | None:
        match = fits.search(f"{parts.path}?{parts.query}")
        found = _unpacked(match[1]) if match else None
        return found if found and found.startswith(("http://", "https://")) else None

    return read


def _unpacked(text: str) -> str | None:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except ValueError:
        return None


def _first(*readers: _Reader) -> _Reader:
    def read(url: str, parts: SplitResult) -> str | None:
        return next((found for one in readers if (found := one(url, parts))), None)

    return read


def _whole_query(_url: str, parts: SplitResult) -> str | None:
    return _decoded(parts.query)


def _amp(path: str) -> _Reader:
    """A reader of AMP addresses: host and path of the page follow *path*, "s/" first if https."""
    fits = re.compile(path + r"(s/)?([^/]+\.[^/]+.*)")

    def read(_url: str, parts: SplitResult) -> str | None:
        match = fits.fullmatch(parts.path)
        if match is None:
            return None
        query = _kept(parts.query)
        return f"http{'s' if match[1] else ''}://{match[2]}" + (f"?{query}" if query else "")

    return read


def _substack(_url: str, parts: SplitResult) -> str | None:
    """``/redirect/2/PAYLOAD.SIGNATURE``, where PAYLOAD is JSON with the target as "e"."""
    match = re.fullmatch(r"/redirect/2/([A-Za-z0-9_-]+)(?:\..*)?", parts.path)
    told = _json(_unpacked(match[1])) if match else None
    return _told(told, "e")


def _mandrill(_url: str, parts: SplitResult) -> str | None:
    """``?p=PAYLOAD``: JSON whose "p" is JSON again, with the target as "url"."""
    match = re.search(r"(?:^|&)p=([A-Za-z0-9_-]+)", parts.query)
    outer = _json(_unpacked(match[1])) if match else None
    inner = outer.get("p") if outer else None
    return _told(_json(inner), "url") if isinstance(inner, str) else None


def _json(text: str | None) -> dict[str, object] | None:
    try:
        told = loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _told(told: dict[str, object] | None, key: str) -> str | None:
    value = told.get(key) if told else None
    return value if isinstance(value, str) else None


def _disqus(url: str, parts: SplitResult) -> str | None:
    found = _asked("url")(url, parts)
    # The target is followed by a colon and its signature.
    return re.sub(r":[A-Za-z0-9_-]{20,}$", "", found) if found else None


#: Proofpoint's version 3 counts a run of replaced characters with one digit: A is 2, B is 3...
_RUN_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _proofpoint(url: str, parts: SplitResult) -> str | None:
    """Versions 1 to 3 of urldefense.

    Version 2 spells "%" as "-" and "/" as "_".  Version 3 tells the address between two
    underscores, characters that it does not allow as "*" or, many in a row, as "**" and a digit;
    what they were follows in base64.
    """
    if parts.path.startswith("/v1/"):
        return _asked("u")(url, parts)
    if parts.path.startswith("/v2/"):
        match = re.search(r"(?:^|&)u=([^&]*)", parts.query)
        return _decoded(match[1].replace("-", "%").replace("_", "/")) if match else None
    _, _, rest = url.partition("/v3/__")
    written, end, tail = rest.partition("__;")
    if not end:
        return None
    replaced = iter(_unpacked(tail.partition("!")[0]) or "")

    def spelled(match: re.Match[str]) -> str:
        count = _RUN_DIGITS.index(match[1]) + 2 if match[1] else 1
        return "".join(next(replaced, "*") for _ in range(count))

    found = re.sub(r"\*(?:\*([A-Za-z0-9_-]))?", spelled, written)
    # Some relays fold the two slashes of the address to one.
    return _decoded(re.sub(r"^(https?:)/(?!/)", r"\1//", found.replace("%", "%25")))


_GOOGLE = re.compile(r"(?:www\.|plus\.url\.)?google\.(?:com?\.)?[a-z]{2,3}")
_google: Final = _first(_asked("q", "url", path="/url"), _amp("/amp/"))
_FACEBOOK: Final = _asked("u", path=r"/l\.php")
_ANY_URL: Final = _asked("url")
_SES: Final = _behind(r"/C?L0/(https?(?::|%3A)%2F%2F[^/]+)/")
#: By host, which stands for its subdomains too.
_WRAPPERS: Final[dict[str, _Reader]] = {
    "facebook.com": _FACEBOOK,
    "messenger.com": _FACEBOOK,
    "l.instagram.com": _asked("u"),
    "l.threads.net": _asked("u"),
    "l.threads.com": _asked("u"),
    "l.wl.co": _asked("u", path="/l"),
    "out.reddit.com": _ANY_URL,
    "click.redditmail.com": _SES,
    "awstrack.me": _SES,
    "t.umblr.com": _asked("z", path="/redirect"),
    "href.li": _whole_query,
    "safelinks.protection.outlook.com": _ANY_URL,
    "statics.teams.cdn.office.net": _asked("url", path=".*/safelinks/.*"),
    "urldefense.proofpoint.com": _proofpoint,
    "urldefense.com": _proofpoint,
    "urldefense.us": _proofpoint,
    "linkprotect.cudasvc.com": _asked("a", path="/url"),
    "secure-web.cisco.com": _behind(r"/[^/]+/(https?%3A%2F%2F[^/]+)$"),
    "fireeye.com": _asked("u", path="/(?:v1/)?url"),
    "clicktime.symantec.com": _asked("u"),
    "deref-gmx.net": _asked("redirecturl"),
    "deref-web.de": _asked("redirecturl"),
    "deref-mail.com": _asked("redirecturl"),
    "substack.com": _substack,
    "mandrillapp.com": _mandrill,
    "click.convertkit-mail.com": _base64(r"^/[^/]+/[^/]+/([A-Za-z0-9_-]+)\?"),
    "slack-redir.net": _asked("url", path="/link"),
    "vk.com": _asked("to", path=r"/away(?:\.php)?"),
    "vk.ru": _asked("to", path=r"/away(?:\.php)?"),
    "steamcommunity.com": _asked("url", "u", path="/linkfilter/?"),
    "youtube.com": _asked("q", path="/redirect"),
    "disq.us": _disqus,
    "linkedin.com": _asked("url", path="/(?:redir/redirect|redirect|safety/go)/?"),
    "duckduckgo.com": _asked("uddg", path="/l/?"),
    "bing.com": _first(
        _base64(r"^/ck/a\?(?:.*&)?u=a1([A-Za-z0-9_-]+)"),
        _asked("url", path=r"/news/apiclick\.aspx"),
    ),
    "r.search.yahoo.com": _behind(r"/.*/RU=([^/]+)/"),
    "scholar.google.com": _asked("url", path="/scholar_url"),
    "t.me": _asked("url", path="/iv"),
    "flipboard.com": _asked("url", path="/redirect"),
    "getpocket.com": _asked("url", path="/redirect"),
    "medium.com": _asked("url", path="/r/?"),
    "exit.sc": _ANY_URL,
    "gate.sc": _ANY_URL,
    "go.redirectingat.com": _ANY_URL,
    "go.skimresources.com": _ANY_URL,
    "cdn.ampproject.org": _amp("/[acv]/"),
    "bing-amp.com": _amp("/[acv]/"),
}
