"""Pictures for tests, in every format, painted when they are wanted."""

from io import BytesIO
from typing import Any

from PIL import Image


def paint(width: int = 640, height: int = 400, mode: str = "RGB") -> Image.Image:
    """A sky that grows lighter from left to right and from top to bottom: no colour twice."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, across.transpose(Image.Transpose.ROTATE_180))).convert(
        mode
    )


def octets(image: Image.Image, kind: str = "JPEG", **told: Any) -> bytes:
    written = BytesIO()
    image.save(written, kind, **told)
    return written.getvalue()


def seen(data: bytes) -> Image.Image:
    """The picture in *data*, unpacked."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
