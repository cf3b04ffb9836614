"""What went wrong with a request, as the error that says it in one word and one sentence.

Pure: from a status, a broken connection or a page that wants a human, to a `FetchError`
with its `Fault` and what to do about it.  Who asked us to wait, and for how long, is
decided in `hosts`.
"""

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import httpcore2

from digest.errors import Fault, FetchError
from digest.sources.caching import Head

#: What the network beneath raises: it has no common ancestor.
NETWORK_FAULTS: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    httpcore2.ProxyError,
    ssl.SSLError,
    OSError,
)

#: What a client may try again without anybody changing anything (RFC 9110 15.5, RFC 6585).
_COME_AGAIN: Final = frozenset((408, 421, 423, 425, 429))

_FAULTS: Final[Mapping[int, Fault]] = MappingProxyType(
    {
        204: Fault.NOT_FOUND,
        205: Fault.NOT_FOUND,
        404: Fault.NOT_FOUND,
        406: Fault.NOT_FOUND,
        408: Fault.TIMEOUT,
        410: Fault.GONE,
        421: Fault.SERVER_ERROR,
        423: Fault.SERVER_ERROR,
        425: Fault.SERVER_ERROR,
        429: Fault.BUSY,
    }
)

_ADVICE: Final[Mapping[int, str]] = MappingProxyType(
    {
        401: "it wants a password; give an address that does not",
        402: "it wants to be paid",
        403: "it refuses Digest; ask its owner, or remove the source",
        404: "check the address",
        406: "check the address",
        407: "it wants a password for a proxy; give an address that does not",
        410: "it is gone for good; remove the source or give its new address",
        429: "raise every_min if it happens often",
        451: "it is withheld for legal reasons; remove the source",
    }
)

#: What guards before a site say when they want a human, whatever the status.
_CHALLENGES: Final = (
    (b"cf-mitigated", "challenge"),
    (b"x-vercel-mitigated", "challenge"),
    (b"x-amzn-waf-action", "challenge"),
    (b"x-amzn-waf-action", "captcha"),
)
#: Only on the challenge itself: what such guards add to every page of a site is not listed.
_CHALLENGE_MARKS: Final = (
    b"_cf_chl_opt",
    b"/_Incapsula_Resource?SWUDNSAI",
    b"captcha-delivery.com/c.js",
    b"AwsWafIntegration.forceRefreshToken",
    b"/.well-known/sgcaptcha/",
    b"anubis_challenge",
    b'id="px-captcha"',
)
#: A challenge is a small page.
CHALLENGE_BYTES: Final = 65_536


def answered(status: int) -> str:
    """The status with its phrase: "404 Not Found"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def refused(host: str, status: int, *, wait_s: float | None = None) -> FetchError:
    """The error for an answer that brings no document.

    Args:
        wait_s: seconds for which *host* is left alone; it said that it is asked too much.
    """
    advice = _ADVICE.get(status)
    if wait_s is not None:
        advice = f"it is left alone for {spoken(wait_s)}" + (f"; {advice}" if advice else "")
    if advice is None:
        lost = "it does not say where it moved; " if 300 <= status < 400 else ""
        advice = "it is tried again" if status >= 500 else f"{lost}check the address"
    return FetchError(
        "",
        f"{host} answered {answered(status)}; {advice}",
        temporary=status >= 500 or status in _COME_AGAIN,
        status=status,
        fault=Fault.BUSY if wait_s is not None else _fault(status),
        wait_s=wait_s,
    )


def _fault(status: int) -> Fault:
    if status in _FAULTS:
        return _FAULTS[status]
    if status >= 500:
        return Fault.SERVER_ERROR
    if status >= 400:
        # What else is in the four hundreds finds fault with us, as 401 and 403 do.
        return Fault.REFUSED
    return Fault.REDIRECTS if status >= 300 else Fault.BROKEN


def is_challenged(head: Head, body: bytes = b"") -> bool:
    """Whether this is no answer but a guard that wants a cookie, a script or a human first."""
    for name, value in _CHALLENGES:
        if (head.first(name) or "").lower().startswith(value):
            return True
    if len(body) > CHALLENGE_BYTES or "html" not in head.joined(b"content-type").lower():
        return False
    return any(mark in body for mark in _CHALLENGE_MARKS)


def challenged(host: str, status: int) -> FetchError:
    return FetchError(
        "",
        f"{host} shows a page that wants a human first instead of its document "
        f"({answered(status)}); ask its owner to let Digest through, or remove the source",
        temporary=False,
        status=status,
        fault=Fault.REFUSED,
    )


def unasked(host: str, status: int) -> FetchError:
    """An answer to a question that we did not put: 304, 226."""
    return FetchError(
        "",
        f"{host} answered {answered(status)}, which was not asked for; it is tried again, "
        "tell its owner if it stays so",
        status=status,
        fault=Fault.BROKEN,
    )


def circular(host: str, *, times: int | None, cookies: bool) -> FetchError:
    """Redirects that do not end.

    Args:
        times: the limit that was reached; None if they lead back to where they were.
        cookies: cookies were set on the way.
    """
    if cookies:
        return FetchError(
            "",
            f"{host} sends everybody in a circle who does not keep its cookies, which Digest "
            "does not; ask its owner for an address without, or remove the source",
            temporary=False,
            fault=Fault.REFUSED,
        )
    how = "in a circle" if times is None else f"more than {times} times"
    return FetchError(
        "",
        f"{host} redirects {how}; open the address in a browser and give the one you end at",
        fault=Fault.REDIRECTS,
    )


def bad_address(url: str) -> FetchError:
    return FetchError(
        "",
        f"{url[:100]} is no address that can be fetched; give one with http:// or https://",
        temporary=False,
        fault=Fault.FORBIDDEN_ADDRESS,
    )


def too_slow(host: str, timeout_s: float, *, stalled_s: float | None) -> FetchError:
    """Out of time.

    Args:
        timeout_s: what one document may take.
        stalled_s: for how long next to nothing came; None if the whole time is over.
    """
    how = (
        f"did not deliver within {timeout_s:g} s"
        if stalled_s is None
        else f"began to answer and stopped: next to nothing came in {stalled_s:g} s"
    )
    return FetchError(
        "",
        f"{host} {how}; it is tried again, or raise timeout_s in [collect]",
        fault=Fault.TIMEOUT,
    )


def broken(error: BaseException, host: str) -> FetchError:
    """The error for what the network beneath raised."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, ssl.SSLCertVerificationError):
            return _without_tls(
                f"{host} shows a certificate that is not valid ({chain.verify_message}); "
                "check the address, or tell its owner"
            )
        if isinstance(chain, ssl.SSLError):
            return _without_tls(f"{host} does not speak TLS there; check the address and its port")
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, (httpcore2.ConnectError, httpcore2.ConnectTimeout)):
        return FetchError(
            "",
            f"{host} cannot be connected to; check the address; it is tried again",
            fault=Fault.UNREACHABLE,
        )
    if isinstance(error, httpcore2.ProtocolError):
        text = (
            f"{host} does not answer as a web server does ({str(error)[:100]}); check the address"
        )
    else:
        text = f"the connection to {host} broke ({type(error).__name__}); it is tried again"
    return FetchError("", text, fault=Fault.BROKEN)


def _without_tls(text: str) -> FetchError:
    return FetchError("", text, fault=Fault.TLS)


def spoken(seconds: float) -> str:
    """A time to wait, as people say it.

    >>> spoken(90), spoken(119.6), spoken(7200)
    ('90 seconds', '2 minutes', '2 hours')
    """
    if seconds < 100:
        return f"{round(seconds)} seconds"
    if seconds < 6_000:
        return f"{round(seconds / 60)} minutes"
    return f"{round(seconds / 3_600)} hours"
