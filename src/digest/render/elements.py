"""Elements of MJML: their attributes, and where they may stand.

MRML lets through what it does not know: a misspelt element goes to readers as text, a misspelt
attribute goes nowhere, an element in the wrong place is dropped or sent as it is.  The tables are
those of MJML 4, https://documentation.mjml.io/.  HTML inside of ``mj-text`` is not looked at.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache

from digest.errors import RenderError
from digest.render.markup import Tag, line_at, mjml_tags, told_at, unbalanced

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left"
_FONT = (
    "color font-family font-size font-style font-weight letter-spacing line-height "
    "text-decoration text-transform"
)
_GROUND = (
    "background-color background-position background-position-x background-position-y "
    "background-repeat background-size background-url"
)
_ICONS = (
    "icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url icon-width "
    "icon-wrapped-alt icon-wrapped-url"
)

#: What each element may have, besides what all may have.
_ATTRIBUTES: Mapping[str, str] = {
    "mj-accordion": f"{_PADDING} {_ICONS} border container-background-color font-family",
    "mj-accordion-element": f"{_ICONS} background-color border font-family",
    "mj-accordion-text": (
        f"{_PADDING} background-color color font-family font-size font-weight letter-spacing "
        "line-height"
    ),
    "mj-accordion-title": f"{_PADDING} background-color color font-family font-size font-weight",
    "mj-attributes": "",
    "mj-body": "background-color width",
    "mj-breakpoint": "width",
    "mj-button": (
        f"{_PADDING} {_BORDER} {_FONT} align background-color border-radius "
        "container-background-color height href inner-padding name rel target text-align "
        "title vertical-align width"
    ),
    "mj-carousel": (
        f"{_PADDING} align border-radius container-background-color icon-width left-icon "
        "right-icon tb-border tb-border-radius tb-hover-border-color tb-selected-border-color "
        "tb-width thumbnails"
    ),
    "mj-carousel-image": (
        "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title"
    ),
    "mj-column": (
        f"{_PADDING} {_BORDER} background-color border-radius direction inner-background-color "
        "inner-border inner-border-bottom inner-border-left inner-border-radius "
        "inner-border-right inner-border-top vertical-align width"
    ),
    "mj-divider": (
        f"{_PADDING} align border-color border-style border-width container-background-color width"
    ),
    "mj-font": "href name",
    "mj-group": "background-color direction vertical-align width",
    "mj-head": "",
    "mj-hero": (
        f"{_PADDING} background-color background-height background-position background-url "
        "background-width border-radius container-background-color height "
        "inner-background-color inner-padding inner-padding-bottom inner-padding-left "
        "inner-padding-right inner-padding-top mode vertical-align"
    ),
    "mj-image": (
        f"{_PADDING} {_BORDER} align alt border-radius container-background-color "
        "fluid-on-mobile font-size height href max-height name rel sizes src srcset target "
        "title usemap width"
    ),
    "mj-navbar": (
        f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family "
        "ico-font-size ico-line-height ico-open ico-padding ico-padding-bottom "
        "ico-padding-left ico-padding-right ico-padding-top ico-text-decoration "
        "ico-text-transform"
    ),
    "mj-navbar-link": f"{_PADDING} {_FONT} href name rel target",
    "mj-preview": "",
    "mj-raw": "position",
    "mj-section": (
        f"{_PADDING} {_BORDER} {_GROUND} border-radius direction full-width text-align text-padding"
    ),
    "mj-social": (
        f"{_PADDING} align border-radius color container-background-color font-family "
        "font-size font-style font-weight icon-height icon-padding icon-size inner-padding "
        "line-height mode table-layout text-decoration text-padding vertical-align"
    ),
    "mj-social-element": (
        f"{_PADDING} align alt background-color border-radius color font-family font-size "
        "font-style font-weight href icon-height icon-padding icon-position icon-size "
        "line-height name rel sizes src srcset target text-decoration text-padding title "
        "vertical-align"
    ),
    "mj-spacer": f"{_PADDING} {_BORDER} container-background-color height",
    "mj-style": "inline",
    "mj-table": (
        f"{_PADDING} align border cellpadding cellspacing color container-background-color "
        "font-family font-size font-weight line-height role table-layout vertical-align width"
    ),
    "mj-text": (
        f"{_PADDING} {_FONT} align background-color container-background-color height "
        "vertical-align"
    ),
    "mj-title": "",
    "mj-wrapper": (
        f"{_PADDING} {_BORDER} {_GROUND} border-radius direction full-width gap text-align "
        "text-padding"
    ),
    "mjml": "dir lang owa",
}
#: Of every element.
_ALWAYS = "css-class mj-class"

_CONTENT = (
    "mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer "
    "mj-table mj-text"
)
#: Which elements may stand directly in which; in others there is none of MJML's.
_CHILDREN: Mapping[str, str] = {
    "mj-accordion": "mj-accordion-element mj-raw",
    "mj-accordion-element": "mj-accordion-text mj-accordion-title mj-raw",
    "mj-body": "mj-hero mj-raw mj-section mj-wrapper",
    "mj-carousel": "mj-carousel-image",
    "mj-column": _CONTENT,
    "mj-group": "mj-column mj-raw",
    "mj-head": "mj-attributes mj-breakpoint mj-font mj-preview mj-raw mj-style mj-title",
    "mj-hero": _CONTENT,
    "mj-navbar": "mj-navbar-link mj-raw",
    "mj-section": "mj-column mj-group mj-raw",
    "mj-social": "mj-raw mj-social-element",
    "mj-wrapper": "mj-hero mj-raw mj-section",
    "mjml": "mj-body mj-head mj-raw",
}

#: Those whose names say nothing of what may be in them: they set defaults for others.
_DEFAULTS = ("mj-all", "mj-class")

#: All that a template may write; mj-include would read a file that nobody checked.
KNOWN = frozenset((*_ATTRIBUTES, *_DEFAULTS))

_NAMED_COLOURS = (
    "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue "
    "blueviolet brown burlywood cadetblue chartreuse chocolate coral cornflowerblue "
    "cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey "
    "darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon "
    "darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet "
    "deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen "
    "fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew "
    "hotpink indianred indigo inherit ivory khaki lavender lavenderblush lawngreen "
    "lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray "
    "lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray "
    "lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon "
    "mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue "
    "mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose "
    "moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid "
    "palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink "
    "plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon "
    "sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey "
    "snow springgreen steelblue tan teal thistle tomato transparent turquoise violet "
    "wheat white whitesmoke yellow yellowgreen"
)
_COLOURS = frozenset(_NAMED_COLOURS.split())
_COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|(?:rgb|hsl)a?\([^()]+\)", re.I)
_SIZED = re.compile(r"(?:.*-)?(?:padding|width|height|size|gap)(?:-(?:top|right|bottom|left))?")
#: Those of which there are up to four.
_SIZE = re.compile(r"(?:(?:auto|-?\d*\.?\d+(?:px|%|em|rem|pt)?)(?:\s+(?!$)|$)){1,4}")
#: Named like a size, and none: words may stand there, or numbers without a unit.
_WORDED = frozenset(("background-size", "full-width", "line-height"))
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "align": ("left", "center", "right", "justify"),
    "text-align": ("left", "center", "right"),
    "vertical-align": ("top", "middle", "bottom"),
    "direction": ("ltr", "rtl"),
}
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")


def sound(source: str) -> bool:
    """Whether all elements of MJML in *source* are known, in their place and rightly written."""
    found = list(mjml_tags(source))
    return _odd_name(found, "") is None and _odd_use(found, "") is None


def fault_of(source: str, theme: str, said: str, nth: int = 0) -> RenderError:
    """What is wrong with a `markup.lined` *source* that *theme* was filled to, and where.

    Args:
        said: what is told if no fault is found here.
        nth: the "<" of *source* that this is about; 0 if that is not known.
    """
    found = list(mjml_tags(source))
    template, line = line_at(source, nth)
    return (
        _odd_name(found, theme)
        or unbalanced(source, theme)
        or _odd_use(found, theme)
        or RenderError(template or theme, line, said)
    )


def _odd_name(found: Iterable[Tag], theme: str) -> RenderError | None:
    for tag in found:
        if tag.name == "mj-include":
            text = 'mj-include is not read here; write [% include "NAME.mjml" %]'
            return told_at(tag, theme, text)
        if tag.name not in KNOWN:
            hint = _meant(tag.name.lower(), KNOWN)
            return told_at(tag, theme, f"{tag.name} is no MJML element{hint}")
    return None


def _odd_use(found: Iterable[Tag], theme: str) -> RenderError | None:
    inside: list[str] = []
    for tag in found:
        if tag.closing:
            if inside and inside[-1] == tag.name:
                inside.pop()
            continue
        text = _odd_place(tag.name, tuple(inside)) or _odd_attribute(tag.name, tag.rest)
        if text:
            return told_at(tag, theme, text)
        if not tag.empty:
            inside.append(tag.name)
    return None


def _odd_place(name: str, inside: tuple[str, ...]) -> str:
    around = inside[-1] if inside else ""
    if "mj-attributes" in inside or name in _CHILDREN.get(around, "").split():
        return ""
    if not around:
        return "" if name == "mjml" else f"{name} stands outside of mjml"
    holds = "" if around in _CHILDREN else ", which holds HTML"
    owners = [owner for owner, children in _CHILDREN.items() if name in children.split()]
    where = " or ".join(owners) or ("mj-attributes" if name in _DEFAULTS else "no other element")
    return f"{name} cannot stand in {around}{holds}; it belongs in {where}"


@lru_cache(maxsize=1024)
def _odd_attribute(name: str, written: str) -> str:
    """What is wrong with the attributes of element *name*; "" if nothing is."""
    allowed = _allowed(name)
    for attribute, double, single in _ATTRIBUTE.findall(written):
        if attribute not in allowed:
            return f"{name} has no attribute {attribute}{_meant(attribute, allowed)}"
        value = (double or single).strip()
        wanted = _wanted(attribute, value) if value else ""
        if wanted:
            return f"{attribute} of {name} is “{value}”; write {wanted}"
    return ""


@cache
def _allowed(name: str) -> frozenset[str]:
    names = _ATTRIBUTES if name in _DEFAULTS else {name: _ATTRIBUTES[name]}
    more = ("name",) if name == "mj-class" else ()
    return frozenset((*_ALWAYS.split(), *more, *(a for n in names.values() for a in n.split())))


def _wanted(attribute: str, value: str) -> str:
    """What *attribute* wants instead of *value*; "" if that is right."""
    if attribute.endswith("color"):
        known = _COLOUR.fullmatch(value) or value.lower() in _COLOURS
        return "" if known else "a colour, as #14507a"
    if attribute in _CHOICES:
        choices = _CHOICES[attribute]
        return "" if value in choices else " or ".join(choices)
    if attribute not in _WORDED and _SIZED.fullmatch(attribute):
        return "" if _SIZE.fullmatch(value) else "a size, as 12px"
    return ""


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
