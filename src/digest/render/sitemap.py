"""What tells search engines where everything is: the sitemap and robots.txt."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from digest.render.press import Press

#: Addresses that one file may hold (sitemaps.org); 50 MB, its other limit, are far away.
MOST_ADDRESSES = 50_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
#: Doors, not pages: one for each person, or one for each question.
_PRIVATE = ("go/", "leave/", "preferences/", "search")


def sitemap(addresses: Sequence[tuple[str, datetime]]) -> bytes:
    """One sitemap: each address, and when its page was last changed.

    Raises:
        ValueError: there are more than one file may hold; `sitemap_files` makes several.
    """
    if len(addresses) > MOST_ADDRESSES:
        raise ValueError(f"a sitemap holds {MOST_ADDRESSES} addresses, not {len(addresses)}")
    lines = (f"<url>{_line(url, at)}</url>\n" for url, at in addresses)
    return f"{_HEAD}<urlset {_SPACE}>\n{''.join(lines)}</urlset>\n".encode()


def sitemap_files(
    addresses: Sequence[tuple[str, datetime]], *, press: Press, most: int = MOST_ADDRESSES
) -> dict[str, bytes]:
    """Names and contents of all sitemap files: ``sitemap.xml``, and those that it names.

    Oldest first, only the last file changes as pages are added.

    Args:
        most: addresses of one file.
    """
    if len(addresses) <= most:
        return {"sitemap.xml": sitemap(addresses)}
    files: dict[str, bytes] = {}
    lines: list[str] = []
    for number in range(-(-len(addresses) // most)):
        part = addresses[number * most : (number + 1) * most]
        name = f"sitemap-{number + 1}.xml"
        files[name] = sitemap(part)
        newest = max(at for _, at in part)
        lines.append(f"<sitemap>{_line(press.links.home_url() + name, newest)}</sitemap>\n")
    index = f"{_HEAD}<sitemapindex {_SPACE}>\n{''.join(lines)}</sitemapindex>\n"
    return {"sitemap.xml": index.encode()} | files


def _line(url: str, at: datetime) -> str:
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"<loc>{escape(url)}</loc><lastmod>{stamp}</lastmod>"


def robots(*, press: Press) -> bytes:
    """robots.txt (RFC 9309): everything may be read but what is made for one person or question.

    It counts at the root of a host; where `base_url` has a path, that is another file's matter.
    """
    root = urlsplit(press.links.home_url()).path
    refused = "".join(f"Disallow: {root}{path}\n" for path in _PRIVATE)
    return f"User-agent: *\n{refused}\nSitemap: {press.links.home_url()}sitemap.xml\n".encode()
