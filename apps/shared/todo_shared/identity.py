"""Who is calling: set by the gateway from a verified token, read by the services behind it."""

from typing import Annotated, Final

from fastapi import Depends, Header, Request

USER_HEADER: Final = "x-user-id"
IDEMPOTENCY_HEADER: Final = "idempotency-key"


async def caller(
    request: Request,
    x_user_id: Annotated[str, Header(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")],
) -> str:
    """The user on whose behalf the request is made; missing or malformed answers 422."""
    request.state.user_id = x_user_id
    return x_user_id


Caller = Annotated[str, Depends(caller)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Repeating a create with the same key and body returns the first task again.",
    ),
]
