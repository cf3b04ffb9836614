"""Hosts that no mail should name: private ones, shorteners, providers of everybody's mail."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRIVATE = _words(
    ".local .localhost .localdomain .internal .intranet .lan .home .home.arpa .corp .private "
    ".test .invalid .onion"
)

#: They hide where a link leads, and share their name with those who need that.
_SHORTENERS = _words(
    "bit.ly bitly.com buff.ly cutt.ly dlvr.it fb.me goo.gl is.gd j.mp lnkd.in ow.ly rb.gy "
    "rebrand.ly s.id shorturl.at t.co t.ly tiny.cc tinyurl.com trib.al v.gd x.gd"
)

#: Their DMARC records forbid others to send in their name.
_PROVIDERS = _words(
    "gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es hotmail.com "
    "hotmail.co.uk hotmail.de hotmail.fr hotmail.es hotmail.it live.com live.co.uk live.de "
    "live.fr live.nl msn.com passport.com icloud.com me.com mac.com aol.com aol.de aim.com "
    "ymail.com rocketmail.com proton.me protonmail.com pm.me tutanota.com tuta.io fastmail.com "
    "hey.com zoho.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de freenet.de t-online.de "
    "mail.com mail.ru bk.ru inbox.ru list.ru internet.ru yandex.com yandex.ru ya.ru rambler.ru "
    "ukr.net i.ua meta.ua bigmir.net orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it "
    "virgilio.it tiscali.it wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz comcast.net "
    "verizon.net att.net sbcglobal.net btinternet.com sky.com qq.com 163.com 126.com sina.com "
    "naver.com daum.net rediffmail.com uol.com.br bol.com.br terra.com.br"
)
_YAHOO = re.compile(r"(?:.+\.)?yahoo\.[a-z]{2,3}(?:\.[a-z]{2})?")


def parted(url: str) -> SplitResult | None:
    """The parts of *url*; None if it is no address at all."""
    try:
        return urlsplit(url.strip())
    except ValueError:
        return None


def why_private(host: str) -> str:
    """Say why *host* is not one of the public net; "" if it is."""
    host = host.lower().rstrip(".").strip("[]")
    if not host:
        return "it names no host"
    try:
        address = ip_address(host)
    except ValueError:
        if "." not in host or host.endswith(tuple(_PRIVATE)):
            return f"{host} is a private host"
        return ""
    return f"{host} is a number, not a name" if address.is_global else f"{host} is a private host"


def is_local(host: str) -> bool:
    """Is *host* this very machine, as it is when somebody tries Digest out?"""
    return host.lower() in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def is_shortener(host: str) -> bool:
    return host.lower().removeprefix("www.") in _SHORTENERS


def is_mailbox_provider(domain: str) -> bool:
    """Does *domain* give addresses to everybody?"""
    domain = domain.lower()
    return domain in _PROVIDERS or _YAHOO.fullmatch(domain) is not None
