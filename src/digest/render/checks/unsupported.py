"""What well-known mail programs do not show: facts of caniemail.com, by kind of feature.

Derived from the data of the npm package caniemail 1.0.5 (MIT), of 2025-09-09: what the newest
tested version of a program answers with a plain "no".  Programs: G Gmail (desktop web, iOS,
Android), W Outlook 2016 to 2021 and 365 for Windows, O outlook.com and the new Outlook, A Apple
Mail (macOS, iOS), Y Yahoo (desktop web, iOS, Android); one platform of them is enough.  A star
stands for every ending.
"""

from collections.abc import Mapping

PROGRAMS: Mapping[str, str] = {
    "G": "Gmail",
    "W": "Outlook for Windows",
    "O": "Outlook.com",
    "A": "Apple Mail",
    "Y": "Yahoo",
}

#: Kind of feature, then programs, then names of features.
UNSUPPORTED: Mapping[str, Mapping[str, str]] = {
    "property": {
        "GAY": "text-justify",
        "GOAY": "cursor",
        "GW": "position visibility z-index",
        "GWO": "text-shadow transition transition-*",
        "GWOAY": "hyphenate-limit-chars inline-size resize",
        "GWOY": (
            "accent-color animation animation-* aspect-ratio backdrop-filter block-size "
            "border-block border-block-color border-block-end border-block-end-* "
            "border-block-start border-block-start-* border-block-style border-block-width "
            "border-end-end-radius border-end-start-radius border-image border-image-* "
            "border-inline border-inline-color border-inline-end border-inline-end-* "
            "border-inline-start border-inline-start-* border-inline-style "
            "border-inline-width border-start-end-radius border-start-start-radius clip-path "
            "color-scheme filter grid-template grid-template-* hyphenate-character hyphens "
            "inset list-style-image margin-block margin-block-end margin-block-start "
            "margin-inline margin-inline-end margin-inline-start mask-image max-block-size "
            "max-inline-size min-block-size min-inline-size outline-offset overflow-wrap "
            "padding-block padding-block-end padding-block-start padding-inline "
            "padding-inline-end padding-inline-start scroll-snap-align scroll-snap-stop "
            "scroll-snap-type shape-margin shape-outside text-decoration-skip-ink "
            "text-decoration-thickness text-emphasis-position text-underline-offset text-wrap "
            "transform user-select white-space-collapse"
        ),
        "GWY": (
            "align-items bottom box-shadow font-stretch justify-content left orphans right "
            "tab-size text-emphasis top widows"
        ),
        "W": (
            "background-image background-position background-repeat background-size "
            "border-bottom-left-radius border-bottom-right-radius border-radius "
            "border-spacing border-top-left-radius border-top-right-radius caption-side clear "
            "float list-style-position max-height min-height min-width opacity outline "
            "overflow table-layout text-decoration-color text-decoration-line "
            "text-decoration-style white-space word-spacing word-wrap"
        ),
        "WOY": "text-align-last",
        "WY": (
            "background-blend-mode background-clip background-origin box-sizing column-count "
            "column-fill column-gap column-rule column-rule-* column-span column-width "
            "columns empty-cells font-kerning gap mix-blend-mode object-fit object-position "
            "row-gap text-orientation text-overflow text-underline-position writing-mode"
        ),
        "Y": "height word-break",
    },
    "at": {
        "GOY": "font-face import",
        "GWO": "supports",
        "GWOY": "keyframes",
        "W": "media",
    },
    "media": {
        "GWY": (
            "-webkit-device-pixel-ratio any-hover device-pixel-ratio hover orientation "
            "prefers-color-scheme prefers-reduced-motion"
        ),
    },
    "function": {
        "GWOY": "conic-gradient lab lch light-dark oklab oklch var",
        "W": "rgba",
        "WOY": "calc clamp linear-gradient max min radial-gradient",
    },
    "value": {
        "GWY": "display:grid display:inline-grid flex-direction:column flex-wrap:wrap",
        "W": "display:flex display:inline-flex",
    },
    "keyword": {
        "W": "system-ui ui-monospace ui-rounded ui-sans-serif ui-serif",
        "WY": "fit-content initial max-content min-content",
    },
    "selector": {
        "GWOY": "nesting",
        "W": "* + > [] ~",
        "WO": ".a.b",
    },
    "pseudo": {
        "G": "link",
        "GW": (
            "checked first-child first-letter first-line first-of-type hover last-child "
            "last-of-type only-child only-of-type placeholder"
        ),
        "GWA": "active focus target visited",
        "GWO": "marker",
        "GWOY": "has lang not nth-child nth-last-child nth-last-of-type nth-of-type",
        "GWY": "after before",
    },
    "unit": {
        "W": "vh vw",
        "WY": "ch rem vmax vmin",
    },
    "element": {
        "GOY": "link",
        "GW": "marquee rp rt ruby wbr",
        "GWOAY": "meta:color-scheme",
        "GWOY": "audio bdi dialog object picture progress svg video",
        "GWY": "meter",
        "WOY": "button input",
        "WY": (
            "abbr acronym article aside details figcaption figure footer form header main "
            "mark nav section select summary textarea time"
        ),
        "Y": "area body map",
    },
    "attribute": {
        "GOY": "target",
        "GWOY": "aria-labelledby hidden loading popover required sizes srcset",
        "GWY": "aria-describedby",
        "GY": "href=#",
        "OY": "aria-live",
        "Y": "aria-hidden aria-label",
    },
    "image": {
        "G": "data: svg",
        "GW": "apng",
        "GWOAY": "hdr",
        "GWY": "mp4",
        "W": "avif ico webp",
        "WOY": "heic heif tif tiff",
    },
}
