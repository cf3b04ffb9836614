"""Quiet room: how an edition looks, as mail, page and feed.

Give it an edition, a `Press` (the site, its brand, the key that signs links, the folders of the
templates) and where pictures are; it returns octets and text.  It never asks the time (a
sending time is an argument), the network or the database, and chooses no story: the same
arguments give the same octets, always.

Text from outside is never a template, never a header, never unescaped.
"""

from digest.render.card import card, icon
from digest.render.channels import Channel, channel_page, channels, folder, opml
from digest.render.checks import lint
from digest.render.checks.findings import Report
from digest.render.excerpt import excerpt
from digest.render.feed_entries import week_name
from digest.render.feeds import archive_files, feed_files, view_files
from digest.render.layout import HTML_LIMIT, Layout, compile_layout
from digest.render.leaving import LeaveState, leave_page
from digest.render.links import FeedFormat, Links
from digest.render.message import fill
from digest.render.pages import edition_page, story_pages
from digest.render.press import Issue, Press, issue
from digest.render.shelves import (
    Front,
    Line,
    front_page,
    missing_page,
    newsletter_page,
    search_page,
    section_page,
    year_page,
)
from digest.render.showing import Gallery, content_id, without_content_ids
from digest.render.sitemap import robots, sitemap_files
from digest.render.templates import HOLES, Templates, default_templates
from digest.render.wishes import preferences_page
from digest.render.wording import frame_language, known_languages

__all__ = [
    "HOLES",
    "HTML_LIMIT",
    "Channel",
    "FeedFormat",
    "Front",
    "Gallery",
    "Issue",
    "Layout",
    "LeaveState",
    "Line",
    "Links",
    "Press",
    "Report",
    "Templates",
    "archive_files",
    "card",
    "channel_page",
    "channels",
    "compile_layout",
    "content_id",
    "default_templates",
    "edition_page",
    "excerpt",
    "feed_files",
    "fill",
    "folder",
    "frame_language",
    "front_page",
    "icon",
    "issue",
    "known_languages",
    "leave_page",
    "lint",
    "missing_page",
    "newsletter_page",
    "opml",
    "preferences_page",
    "robots",
    "search_page",
    "section_page",
    "sitemap_files",
    "story_pages",
    "view_files",
    "week_name",
    "without_content_ids",
    "year_page",
]
