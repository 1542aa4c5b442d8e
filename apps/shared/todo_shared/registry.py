"""The schema registry, through the part of its API that Confluent and Redpanda share."""

import json
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote

from todo_shared.events.schemas import versions

COMPATIBILITY: Final = "FULL_TRANSITIVE"
_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_CALL_SECONDS: Final = 10.0


class SchemaRefusedError(Exception):
    """The registry refused a schema: it would break readers or writers of an earlier version."""


class SubjectUnguardedError(Exception):
    """The registry took the compatibility of a subject, and then tells another one."""


class SchemaRegistry:
    """Registers the schemas of the topics under the subject `<prefix><topic>-value`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def register(self, prefix: str, topic: str) -> int:
        """Guard the subject, then register each version in order; returns the newest's id.

        Doing it again changes nothing: the registry knows each text and answers with its id.
        Raises SchemaRefusedError, SubjectUnguardedError, and OSError while the registry is away.
        """
        subject = quote(f"{prefix}{topic}-value", safe="")
        self._guard(subject)
        newest = 0
        for text in versions(topic):
            answer = self._call("POST", f"/subjects/{subject}/versions", {"schema": text})
            newest = int(answer["id"])
        return newest

    def _guard(self, subject: str) -> None:
        self._call("PUT", f"/config/{subject}", {"compatibility": COMPATIBILITY})
        told = self._call("GET", f"/config/{subject}").get("compatibilityLevel")
        if told != COMPATIBILITY:
            raise SubjectUnguardedError(
                f"{subject}: the registry was told {COMPATIBILITY} and answers {told}"
            )

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the address comes from our settings
            self._url + path,
            None if body is None else json.dumps(body).encode(),
            {"content-type": _TYPE, "accept": _TYPE},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=_CALL_SECONDS) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code in (409, 422):
                detail = error.read().decode(errors="replace")
                raise SchemaRefusedError(f"{method} {path}: {error.code} {detail}") from error
            raise
