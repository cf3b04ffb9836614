"""[brand] and [pictures]: how an edition looks, whatever is in it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from digest.settings.colours import Palette, palette
from digest.settings.parts import Line, Table, fits

Colour = Annotated[str, fits(r"#[0-9a-f]{6}", 'a colour such as "#9b1d20"')]
#: Installed fonts only: nothing is fetched for a letter's shape.
Fonts = Annotated[
    str,
    fits(
        r"[A-Za-z0-9'-][A-Za-z0-9 '-]*(, ?[A-Za-z0-9'-][A-Za-z0-9 '-]*)*",
        "names of fonts with commas between them, in single quotes or none",
    ),
]
#: The name of a template, without folder and ending.
Theme = Annotated[str, fits(r"[a-z0-9][a-z0-9-]{0,40}", "the name of a mail template")]


class Brand(Table):
    """[brand]: logo, colours and fonts of mails and pages."""

    #: PNG, JPEG or GIF, relative to config.toml; shown above the title, 240 x 80 at most.
    logo: Path | None = Field(default=None, strict=False, examples=["logo.png"])
    #: Of titles of sections and of links.
    accent: Colour = "#9b1d20"
    #: Of headlines; other words are a little quieter.
    ink: Colour = "#1d1b18"
    #: Behind the words, and around the sheet.
    paper: Colour = "#fffefb"
    ground: Colour = "#f1eee6"
    headline_font: Fonts = "Georgia, Times, serif"
    text_font: Fonts = "Georgia, Times, serif"
    #: Of small words: dates, sources, titles of sections.
    label_font: Fonts = "Segoe UI, Roboto, Helvetica, Arial, sans-serif"
    #: At the foot of every mail and page, above the postal address.
    footer: Line = Field(default="", examples=["Independent since 1974."])

    def palette(self, accent: str = "") -> Palette:
        """The colours of light and dark; *accent* takes the place of the brand's own."""
        return palette(
            accent=accent or self.accent, ink=self.ink, paper=self.paper, ground=self.ground
        )


class Pictures(Table):
    """[pictures]: where the pictures of stories are when a reader sees them."""

    #: hosted: fetched once, made smaller, served beside the pages; embedded: the same, and
    #: inside the mail; remote: left at their publishers, who then see every reader; none.
    show: Literal["hosted", "embedded", "remote", "none"] = "hosted"
    #: Pixels; a mail shows 544, and a dense screen wants twice as many.
    max_width: int = Field(default=1088, ge=200, le=2400)
    #: Of JPEG.
    quality: int = Field(default=78, ge=30, le=95)
    #: For all pictures of an edition; those that are not there by then are left out.
    patience_s: float = Field(default=20.0, gt=0, le=300)
