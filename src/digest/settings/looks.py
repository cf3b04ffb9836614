"""[brand] and [pictures]: how an edition looks, whatever is in it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from digest.settings.colours import TEXT_CONTRAST, Palette, contrast, legible, palette
from digest.settings.parts import Line, Table, fits

Colour = Annotated[str, fits(r"#[0-9a-f]{6}", 'a colour such as "#9b1d20"')]
#: Installed fonts only: nothing is fetched for a letter's shape.
Fonts = Annotated[
    str, fits(r"[A-Za-z0-9][A-Za-z0-9 '-]*(, ?[A-Za-z0-9'-][A-Za-z0-9 '-]*)*", "names of fonts")
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

    @model_validator(mode="after")
    def _reads(self) -> "Brand":
        for name in ("accent", "ink"):
            check_contrast(name, getattr(self, name), self.paper, self.ground)
        return self

    def palette(self, accent: str = "") -> Palette:
        """The colours of light and dark; *accent* takes the place of the brand's own."""
        return palette(
            accent=accent or self.accent, ink=self.ink, paper=self.paper, ground=self.ground
        )


def check_contrast(name: str, colour: str, *grounds: str) -> None:
    """Raise `ValueError` unless *colour* reads on each of *grounds*; it says what would."""
    for ground in grounds:
        ratio = contrast(colour, ground)
        if ratio < TEXT_CONTRAST:
            near = legible(colour, *grounds)
            raise ValueError(
                f"wants {name} to read on {ground}: {colour} has a contrast of {ratio:.1f}, "
                f"{TEXT_CONTRAST} is needed; {near} would do"
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
