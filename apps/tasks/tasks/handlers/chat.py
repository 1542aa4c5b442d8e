"""The route of the chat. The caller comes from the header that only the gateway sets."""

from fastapi import APIRouter

from tasks.chat.conversation import Conversation
from todo_shared.identity import Caller, IdempotencyKey
from todo_shared.models.chat import ChatRequest, ChatResponse


def chat_routes(conversation: Conversation) -> APIRouter:
    """`POST /chat` over this conversation."""
    router = APIRouter(tags=["chat"])

    @router.post("/chat")
    async def chat(
        body: ChatRequest, user: Caller, idempotency_key: IdempotencyKey = None
    ) -> ChatResponse:
        """Say what to do in a sentence; the answer tells what was done, or asks."""
        return await conversation.say(user, body, idempotency_key)

    return router
