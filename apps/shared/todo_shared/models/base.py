"""What all models of the API are made of."""

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.json_schema import SkipJsonSchema

T = TypeVar("T")


class ApiModel(BaseModel):
    """Base of what crosses a service boundary: immutable, and no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageQuery(ApiModel):
    """Which page of a list: `after` is the `next` of the page before."""

    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


def _storable_text(value: str) -> str:
    # PostgreSQL text cannot hold U+0000; refusing it here makes it a 422 and not a 500.
    if "\x00" in value:
        raise ValueError("must not contain the character U+0000")
    return value


def _storable_moment(value: datetime) -> datetime:
    try:
        value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range in UTC") from error
    return value


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


Storable = AfterValidator(_storable_text)
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable
]
Description = Annotated[str, StringConstraints(max_length=4000), Storable]
SearchText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable
]
Moment = Annotated[AwareDatetime, AfterValidator(_storable_moment)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
# May be left out but not be null, which the model itself must see to; JSON Schema shows no null.
Omittable = Annotated[T | SkipJsonSchema[None], Field(json_schema_extra=_without_default)]
