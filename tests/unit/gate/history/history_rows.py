"""Operations and effects as short as a test can say them."""

from ballast.gate.history.effects import ServiceEffect
from ballast.gate.history.operations import Kind, Operation, Result


def operation(
    key: str,
    kind: Kind = Kind.CREATE,
    task: str = "t1",
    *,
    at: float = 100.0,
    lasts: float = 1.0,
    result: Result = Result.ACKNOWLEDGED,
    version: int = 1,
    user: str = "u1",
    **seen: object,
) -> Operation:
    """An operation that is asked for `at` and answered `lasts` seconds later."""
    return Operation(user, key, kind, task, at, at + lasts, result, version, **seen)


def effect(
    cause: Operation,
    service: str = "tasks",
    *,
    number: str = "e1",
    sequence: int | None = None,
    after: float = 0.0,
    **other: object,
) -> ServiceEffect:
    """The effect of an operation, `after` seconds after its answer."""
    keyed = service == "tasks" and cause.kind in (Kind.CREATE, Kind.UPDATE)
    return ServiceEffect(
        service,
        number,
        cause.kind,
        cause.task,
        cause.key if keyed else "",
        cause.user,
        cause.version if sequence is None else sequence,
        cause.completed + after,
    )._replace(**other)
