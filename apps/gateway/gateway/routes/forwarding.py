"""Routes that only pass on: declared as data, made into FastAPI routes by one function."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from inspect import Parameter, Signature
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Body, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, BaseModel, JsonValue, RootModel, model_validator

from gateway.downstream import Downstream
from gateway.middleware.auth import User
from todo_shared.identity import IDEMPOTENCY_HEADER, IdempotencyKey

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
# Paths of the services that are not for users, and would otherwise pass for ids.
_RESERVED: Final = frozenset({"due"})
MADE_BEFORE: Final[Mapping[int | str, dict[str, Any]]] = {
    200: {"description": "Made before with this Idempotency-Key"}
}


class Service(StrEnum):
    """The services behind the gateway."""

    TASKS = "tasks"
    NOTIFICATIONS = "notifications"
    SCHEDULER = "scheduler"
    ANALYTICS = "analytics"


class PublicBody(RootModel[dict[str, JsonValue]]):
    """A JSON object whose fields the service checks. Who asks is never read from it."""

    @model_validator(mode="after")
    def _names_no_user(self) -> "PublicBody":
        if "user_id" in self.root:
            raise ValueError("user_id comes from the token and may not be in the body")
        return self


def _not_reserved(value: str) -> str:
    if value in _RESERVED:
        raise ValueError("this is not an id")
    return value


ResourceId = Annotated[
    str, Path(max_length=64, pattern=r"^[A-Za-z0-9-]+$"), AfterValidator(_not_reserved)
]

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^("[1-9][0-9]{0,9}"|[1-9][0-9]{0,9})$',
        description="Change only this version: the ETag of the last answer. Another answers 409.",
    ),
]


@dataclass(frozen=True, slots=True)
class Forwarded:
    """One route: the same method and path outside (after the version) and inside.

    `repeatable`: the gateway itself may send it again when nobody answered. `keyed`: it carries an
    Idempotency-Key, the client's or one made here, which makes a repeat safe. `conditional`: it may
    carry an If-Match.
    """

    name: str
    method: str
    path: str
    service: Service
    summary: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    repeatable: bool = False
    keyed: bool = False
    conditional: bool = False
    responses: Mapping[int | str, dict[str, Any]] | None = None


def forwarding_router(prefix: str, routes: Iterable[Forwarded]) -> APIRouter:
    """A router that serves `routes` below `prefix`; the services are in `app.state.services`."""
    router = APIRouter(prefix=prefix)
    for route in routes:
        empty = route.status == HTTPStatus.NO_CONTENT
        router.add_api_route(
            route.path,
            _endpoint(route),
            methods=[route.method],
            name=route.name,
            summary=route.summary,
            tags=[route.path.split("/")[1]],
            status_code=route.status,
            response_model=route.answer,
            response_class=Response if empty else JSONResponse,
            responses=dict(route.responses or {}),
        )
    return router


def _endpoint(route: Forwarded) -> Callable[..., Awaitable[Response]]:
    ids = _PLACEHOLDER.findall(route.path)

    async def forward(request: Request, user: str, **given: Any) -> Response:
        services: Mapping[Service, Downstream] = request.app.state.services
        headers: dict[str, str] = {}
        if route.keyed:
            headers[IDEMPOTENCY_HEADER] = given["idempotency_key"] or f"gateway-{uuid4()}"
        if route.conditional and given["if_match"] is not None:
            headers["if-match"] = given["if_match"]
        return await services[route.service].forward(
            user,
            route.method,
            route.path.format_map({name: given[name] for name in ids}),
            body=_body(given.get("body")),
            query=_query(given.get("query")),
            headers=headers,
            idempotent=route.repeatable,
        )

    # FastAPI reads the parameters, and with them the documentation, from the signature.
    forward.__setattr__("__signature__", Signature(_parameters(route, ids)))
    return forward


def _parameters(route: Forwarded, ids: Iterable[str]) -> list[Parameter]:
    declared: dict[str, Any] = {"request": Request, "user": User}
    declared |= dict.fromkeys(ids, ResourceId)
    if route.body is not None:
        declared["body"] = Annotated[route.body, Body()]
    if route.query is not None:
        declared["query"] = Annotated[route.query, Query()]
    parameters = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)
        for name, annotation in declared.items()
    ]
    optional = {"idempotency_key": IdempotencyKey} if route.keyed else {}
    optional |= {"if_match": IfMatch} if route.conditional else {}
    return parameters + [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=None)
        for name, annotation in optional.items()
    ]


def _body(body: BaseModel | None) -> bytes:
    return b"" if body is None else body.model_dump_json(exclude_unset=True).encode()


def _query(query: BaseModel | None) -> dict[str, str] | None:
    if query is None:
        return None
    values: dict[str, Any] = query.model_dump(mode="json", exclude_none=True, by_alias=True)
    return {name: str(value) for name, value in values.items()}
