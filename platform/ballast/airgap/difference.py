"""Deciding what a change of inputs means: nothing, an update, or a replacement."""

from dataclasses import dataclass, field

from pulumi.runtime.proto import provider_pb2

from ballast.airgap.failures import InvalidError
from ballast.airgap.objects import AUTONAMED, ObjectId, annotation, is_true, known, metadata
from ballast.airgap.property_paths import Change, Path, compare, render, value_at
from ballast.airgap.replacement import Mutability, is_other_kind, needs_replacement, why_never
from ballast.airgap.values import has_unknown
from ballast.kubeapi.shape import Json

_PLACE: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"))


@dataclass(frozen=True)
class Difference:
    """What changes where, which of it forces a replacement, and in which order that happens."""

    changes: dict[Path, Change] = field(default_factory=dict[Path, Change])
    replaces: frozenset[Path] = frozenset()
    delete_first: bool = False

    def response(self) -> provider_pb2.DiffResponse:
        """The answer to the engine."""
        message = provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME
            if self.changes
            else provider_pb2.DiffResponse.DIFF_NONE,
            hasDetailedDiff=True,
            diffs=sorted({str(path[0]) for path in self.changes}),
            replaces=sorted({str(path[0]) for path in self.replaces}),
            deleteBeforeReplace=self.delete_first,
        )
        for path, change in self.changes.items():
            kind = change + ("_REPLACE" if path in self.replaces else "")
            message.detailedDiff[render(path)].CopyFrom(
                provider_pb2.PropertyDiff(
                    kind=provider_pb2.PropertyDiff.Kind.Value(kind), inputDiff=True
                )
            )
        return message


def diff_object(identifier: ObjectId, old: Json, new: Json, mutability: Mutability) -> Difference:
    """Compare plain inputs of one object; InvalidError when it would have to be replaced but
    must never be. Needs no cluster, so that an unchanged stack is judged at once."""
    changes: dict[Path, Change] = {
        path: change
        for path, change in compare(old, new).items()
        if not _same_place(identifier, new, path)
    }
    if not changes:
        return Difference()
    replaces = {path for path in changes if _forces(identifier, old, new, path, mutability)}
    if replaces:
        never = why_never(old)
        if never:
            raise _refusal(identifier, old, never, replaces)
    elsewhere = is_other_kind(old, new) or any(path in _PLACE for path in replaces)
    autonamed = is_true(annotation(new, AUTONAMED)) and ("metadata", "name") in replaces
    return Difference(changes, frozenset(replaces), bool(replaces) and not (elsewhere or autonamed))


def _same_place(identifier: ObjectId, new: Json, path: Path) -> bool:
    """A name or namespace that was spelled out, or left out, without moving the object."""
    if path == ("metadata", "namespace"):
        if identifier.namespace is None:
            return True  # cluster scope: the field has no meaning there
        return metadata(new).get("namespace") in (None, identifier.namespace)
    return path == ("metadata", "name") and metadata(new).get("name") == identifier.name


def _forces(identifier: ObjectId, old: Json, new: Json, path: Path, mutability: Mutability) -> bool:
    if path in {("kind",), ("apiVersion",)}:
        return known(value_at(new, path)) is not None and is_other_kind(old, new)
    if path in _PLACE:
        return known(value_at(new, path)) is not None
    # What is not known yet cannot be called different; the real run decides.
    return not has_unknown(value_at(new, path)) and needs_replacement(old, path, mutability)


def _refusal(identifier: ObjectId, old: Json, never: str, replaces: set[Path]) -> InvalidError:
    fields = ", ".join(sorted(render(path) for path in replaces))
    return InvalidError(
        f"{old.get('kind')} {identifier}: {fields} cannot be changed in place, and {never}",
        "declare a second one beside it, move what it holds, then remove the first; or destroy it"
        " knowingly with `pulumi up --replace <urn>`",
    )
