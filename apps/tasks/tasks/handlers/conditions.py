"""The version that a change is meant for: in the header If-Match, or in the body."""

from typing import Annotated, Final

from fastapi import Header, Response

from todo_shared.errors import InvalidError

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^("[1-9][0-9]{0,9}"|[1-9][0-9]{0,9})$',
        description="Change only this version: the ETag of the last answer. Another answers 409.",
    ),
]
_ETAG: Final = "etag"


def expected_version(if_match: str | None, in_body: int | None) -> int | None:
    """The version that both agree on, None when neither names one. Raises InvalidError."""
    if if_match is None:
        return in_body
    version = int(if_match.strip('"'))
    if in_body not in (None, version):
        raise InvalidError("If-Match and `version` name different versions")
    return version


def tag(response: Response, version: int) -> None:
    """Name the version of what is answered, for a later If-Match."""
    response.headers[_ETAG] = f'"{version}"'
