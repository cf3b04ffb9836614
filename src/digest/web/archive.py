"""Editions and feeds for everyone: the published files, as any web server would give them."""

import os
from pathlib import PurePath

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

_TYPES = {
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".json": "application/feed+json",
}
#: Feed readers ask again after this; a correction is seen as soon.
_MAX_AGE_S = 300


class Published(StaticFiles):
    """The output folder: index pages, media types of feeds, validators, 304 (RFC 9110 §13)."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        # A file being written has a name with a dot in front: it is nobody's yet.
        if any(part.startswith(".") for part in PurePath(path).parts):
            return "", None
        return super().lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        kind = _TYPES.get(os.path.splitext(full_path)[1])  # noqa: PTH122 - a str or a path
        response = FileResponse(
            full_path, status_code=status_code, stat_result=stat_result, media_type=kind
        )
        if kind:
            response.headers["content-type"] = f"{kind}; charset=utf-8"
        response.headers["cache-control"] = f"public, max-age={_MAX_AGE_S}"
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response
