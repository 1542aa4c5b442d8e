"""Public route of the chat: a sentence in, what was done or a question out."""

from typing import Final

from gateway.routes.forwarding import Forwarded, Service
from todo_shared.models.chat import ChatRequest, ChatResponse

CHAT: Final = (
    Forwarded(
        "chat",
        "POST",
        "/chat",
        Service.TASKS,
        "Say what to do in a sentence; the answer tells what was done, or asks.",
        body=ChatRequest,
        answer=ChatResponse,
        repeatable=True,
        keyed=True,
    ),
)
