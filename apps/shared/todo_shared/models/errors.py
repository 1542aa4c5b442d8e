"""The body of every error."""

from pydantic import BaseModel, Field


class ErrorResponse(BaseModel):
    """The one shape of every error: a sentence, and where known a code, the request's id, fields.

    Only `error` is always there: the fallback of an unreachable service carries nothing else.
    """

    error: str = Field(examples=["task not found"])
    code: str | None = Field(default=None, examples=["not_found"])
    correlation_id: str | None = None
    details: list[str] | None = Field(default=None, examples=[["body.title: Field required"]])
