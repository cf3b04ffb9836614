"""Make the pictures of the README from the sample day: ``make pictures``."""

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import picture  # noqa: E402


async def main() -> None:
    preview, images = ROOT / "preview", ROOT / "docs" / "images"
    await picture(preview / "mail.html", images / "mail-phone.png", 375, "light", height=760)
    await picture(preview / "mail.html", images / "mail-phone-dark.png", 375, "dark", height=760)
    await picture(preview / "page.html", images / "page.png", 800, "light", height=760)


if __name__ == "__main__":
    asyncio.run(main())
