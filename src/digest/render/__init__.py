"""Quiet room: how an edition looks, as mail, page and feed.

Give it an edition, a `Press` (the site, its brand, the key that signs links, the folders of the
templates) and where pictures are; it returns octets and text.  It never asks the time (a
sending time is an argument), the network or the database, and chooses no story: the same
arguments give the same octets, always.

Text from outside is never a template, never a header, never unescaped.
"""

from typing import TYPE_CHECKING

from digest.doors import door

if TYPE_CHECKING:
    from digest.render.cards import card, icon
    from digest.render.channels import (
        Channel,
        channel_page,
        channels_of,
        every_channel_page,
        folder,
        opml,
    )
    from digest.render.checks import lint
    from digest.render.checks.findings import Report
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
else:
    __getattr__ = door(
        __name__,
        {
            "cards": "card icon",
            "channels": "Channel channel_page channels_of every_channel_page folder opml",
            "checks": "lint",
            "checks.findings": "Report",
            "feed_entries": "week_name",
            "feeds": "archive_files feed_files view_files",
            "layout": "HTML_LIMIT Layout compile_layout",
            "leaving": "LeaveState leave_page",
            "links": "FeedFormat Links",
            "message": "fill",
            "pages": "edition_page story_pages",
            "press": "Issue Press issue",
            "shelves": (
                "Front Line front_page missing_page newsletter_page search_page section_page "
                "year_page"
            ),
            "showing": "Gallery content_id without_content_ids",
            "sitemap": "robots sitemap_files",
            "templates": "HOLES Templates default_templates",
            "wishes": "preferences_page",
            "wording": "frame_language known_languages",
        },
    )
