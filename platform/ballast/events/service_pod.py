"""Running a module of a service inside one of its pods, with the settings that the pod has."""

from collections.abc import Sequence
from typing import Final

from ballast.errors import BallastError
from ballast.kubeapi import KubeApi, PodCommandError
from ballast.kubeapi.shape import Json, mapping, mappings
from ballast.names import ENVIRONMENT_NAMESPACES

_SECONDS: Final = 900.0
_WRONG_USAGE: Final = 2


class ModuleFailedError(BallastError):
    """The module ended with a reason; `stdout` is what it had printed before."""

    def __init__(self, message: str, fix: str, stdout: str) -> None:
        super().__init__(message, fix)
        self.stdout = stdout


def namespace_of(environment: str) -> str:
    """Namespace of an environment; BallastError naming the environments when it is none."""
    if environment not in ENVIRONMENT_NAMESPACES:
        raise BallastError(
            f"{environment} is no environment", f"One of: {', '.join(ENVIRONMENT_NAMESPACES)}."
        )
    return ENVIRONMENT_NAMESPACES[environment]


def run_module(
    api: KubeApi,
    environment: str,
    service: str,
    module: str,
    words: Sequence[str],
    *,
    stdin: bytes | None = None,
) -> str:
    """Output of `python3 -m module words` in a ready pod of `service`, given `stdin` to read.

    Raises ModuleFailedError, and BallastError when no pod of the service is ready.
    """
    namespace = namespace_of(environment)
    pod = _ready_pod(api, namespace, service)
    command = ["python3", "-m", module, *words]
    try:
        return api.exec(namespace, pod, command, container=service, stdin=stdin, timeout=_SECONDS)
    except PodCommandError as error:
        raise _reason(error, module) from error


def _ready_pod(api: KubeApi, namespace: str, service: str) -> str:
    pods = api.list("v1", "Pod", namespace, f"app={service}")
    ready = sorted(str(mapping(pod.get("metadata")).get("name")) for pod in pods if _is_ready(pod))
    if not ready:
        raise BallastError(
            f"no pod of {service} is ready in {namespace}",
            f"kubectl -n {namespace} get pods -l app={service}",
        )
    return ready[0]


def _is_ready(pod: Json) -> bool:
    conditions = mappings(mapping(pod.get("status")).get("conditions"))
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return ready and "deletionTimestamp" not in mapping(pod.get("metadata"))


def _reason(error: PodCommandError, module: str) -> ModuleFailedError:
    """What the module said on its last line, without the machinery around it."""
    last = (error.stderr.strip().splitlines() or [str(error)])[-1]
    if f"No module named {module}" in last or f"No module named '{module}'" in last:
        return ModuleFailedError(
            f"the release that runs there has no {module} yet", "make up", error.stdout
        )
    if error.exit_code is None:
        fix = "run the same command again: what was done is recorded"
        return ModuleFailedError(str(error), fix, error.stdout)
    fix = "the command with --help" if error.exit_code == _WRONG_USAGE else ""
    _, found, sentence = last.partition("error: ")
    return ModuleFailedError(sentence if found else last, fix, error.stdout)
