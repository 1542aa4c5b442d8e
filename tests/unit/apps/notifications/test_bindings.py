"""What a binding's failure means, as each component words it."""

import json

import pytest

from todo_shared.dapr import BindingRefusedError, BindingUnavailableError, DaprBindings, Sidecar
from todo_shared.dapr.client import SidecarResponse


class AnsweringSidecar(Sidecar):
    """Answers every call with `answer`."""

    def __init__(self, answer: SidecarResponse) -> None:
        super().__init__("http://127.0.0.1:9")
        self.answer = answer
        self.asked: list[tuple[str, bytes]] = []

    async def call(
        self, method: str, path: str, *, seconds: float, body: bytes = b"", headers: object = None
    ) -> SidecarResponse:
        self.asked.append((path, body))
        return self.answer


def _refusal(status: int, code: str, message: str) -> SidecarResponse:
    body = json.dumps({"errorCode": code, "message": message}).encode()
    return SidecarResponse(status, "application/json", body)


PREFIX = "error invoking output binding email: "


@pytest.mark.parametrize(
    "said",
    [
        "received status code 400",
        "error from SendGrid: sending email failed: 400 {Errors:[{Message:bad Field:to}]}",
        "error from Twilio (400): 400 Bad Request",
        "received status code 302",
    ],
)
async def test_a_verdict_of_the_provider_is_final(said: str) -> None:
    answer = _refusal(500, "ERR_INVOKE_OUTPUT_BINDING", PREFIX + said)
    with pytest.raises(BindingRefusedError, match="binding email: the sidecar answered 500"):
        await DaprBindings(AnsweringSidecar(answer)).invoke("email", "create", "x", {})


@pytest.mark.parametrize(
    "said",
    [
        "received status code 503",
        "error from SendGrid: sending email failed: 429 {Errors:[]}",
        "error from Twilio (401): 401 Unauthorized",
        "error from SendGrid: sending email failed: Post: dial tcp: connection refused",
        "couldn't find output binding email",
    ],
)
async def test_anything_else_may_pass(said: str) -> None:
    answer = _refusal(500, "ERR_INVOKE_OUTPUT_BINDING", PREFIX + said)
    with pytest.raises(BindingUnavailableError):
        await DaprBindings(AnsweringSidecar(answer)).invoke("email", "create", "x", {})


async def test_a_call_that_the_sidecar_cannot_read_is_final() -> None:
    answer = _refusal(400, "ERR_MALFORMED_REQUEST", "failed deserializing")
    with pytest.raises(BindingRefusedError):
        await DaprBindings(AnsweringSidecar(answer)).invoke("email", "create", "x", {})


async def test_an_answer_that_is_no_json_is_told_as_it_is() -> None:
    answer = SidecarResponse(502, "text/plain", b"bad gateway")
    with pytest.raises(BindingUnavailableError, match="502: bad gateway"):
        await DaprBindings(AnsweringSidecar(answer)).invoke("email", "create", "x", {})


async def test_name_operation_data_and_metadata_go_to_the_sidecar() -> None:
    sidecar = AnsweringSidecar(SidecarResponse(200, "application/json", b'{"ok":1}'))
    assert await DaprBindings(sidecar).invoke("a/b", "create", {"n": 1}, {"K": "v"}) == b'{"ok":1}'
    path, body = sidecar.asked[0]
    assert path == "/v1.0/bindings/a%2Fb"
    assert json.loads(body) == {"operation": "create", "data": {"n": 1}, "metadata": {"K": "v"}}
