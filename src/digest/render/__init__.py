"""Quiet room: how an edition looks, as mail, page and feed.

Give it an edition, the key that signs links and the folders of the templates; it
returns octets and text.  It never asks the time (a sending time is an argument),
the network or the database, and chooses no story: the same arguments give the
same octets, always.

Text from outside is never a template, never a header, never unescaped.
"""

from digest.render.feeds import atom, json_feed, rss
from digest.render.layout import HTML_LIMIT, Layout, compile_layout, preview
from digest.render.links import FeedFormat, Links
from digest.render.message import fill
from digest.render.pages import LeaveState, archive_page, edition_page, leave_page
from digest.render.press import Issue, Press, issue
from digest.render.showing import Gallery, content_id
from digest.render.templates import HOLES, Templates, default_templates

__all__ = [
    "HOLES",
    "HTML_LIMIT",
    "FeedFormat",
    "Gallery",
    "Issue",
    "Layout",
    "LeaveState",
    "Links",
    "Press",
    "Templates",
    "archive_page",
    "atom",
    "compile_layout",
    "content_id",
    "default_templates",
    "edition_page",
    "fill",
    "issue",
    "json_feed",
    "leave_page",
    "preview",
    "rss",
]
