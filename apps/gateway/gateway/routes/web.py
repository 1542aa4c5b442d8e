"""The web page: its files, read once, served with their hash as ETag."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

FOLDER: Final = Path(__file__).parents[1] / "web"
INDEX: Final = "index.html"
_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# Only files of this origin run or style anything, and no text is ever parsed as HTML.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent."""

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """Changes with the content, and with nothing else."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


def page_files(folder: Path = FOLDER) -> Mapping[str, PageFile]:
    """The files of the page by path; index.html is `/`. Files of unknown kinds are left out."""
    return {
        "/" if path.name == INDEX else f"/web/{path.name}": PageFile(
            path.read_bytes(), _MEDIA_TYPES[path.suffix]
        )
        for path in sorted(folder.iterdir())
        if path.suffix in _MEDIA_TYPES
    }


def page_router(files: Mapping[str, PageFile]) -> APIRouter:
    """Routes to `files`, for everybody; they are no part of the API."""
    router = APIRouter(include_in_schema=False)
    for path, file in files.items():
        router.add_api_route(path, _endpoint(file), methods=["GET", "HEAD"], name=path)
    return router


def _endpoint(file: PageFile) -> Callable[[Request], Awaitable[Response]]:
    # Names carry no version, so a browser asks each time, and is told when nothing has changed.
    headers = {
        "etag": file.etag,
        "cache-control": "no-cache",
        "content-security-policy": POLICY,
    }

    async def send(request: Request) -> Response:
        known = request.headers.get("if-none-match", "")
        if file.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(file.content, headers=headers, media_type=file.media_type)

    return send
