"""What the chat reads from its environment."""

from typing import Annotated, Literal

from pydantic import Field

from tasks.chat.model import ChatModel
from tasks.chat.rule_model import RuleModel
from todo_shared.settings import EnvironmentModel, SettingsError


class ChatSettings(EnvironmentModel):
    """Which model understands, and how long conversations are kept.

    With `chat_model` = openai, `openai_base_url` may be any server that speaks its protocol.
    """

    chat_model: Literal["rules", "openai"] = "rules"
    chat_state_store: str = "statestore"
    chat_kept_days: Annotated[int, Field(gt=0, le=365)] = 30
    chat_zone: str = "UTC"
    chat_model_seconds: Annotated[float, Field(gt=0, le=120)] = 20.0
    openai_base_url: str | None = None
    openai_api_key: str | None = Field(default=None, repr=False)
    openai_model: str = "gpt-4.1-mini"


def chat_model(settings: ChatSettings) -> ChatModel:
    """The model that the settings name; raises SettingsError when it cannot be had."""
    if settings.chat_model == "rules":
        return RuleModel()
    if not settings.openai_api_key:
        raise SettingsError("OPENAI_API_KEY must be set when CHAT_MODEL is openai")
    try:
        # Slow to import, and not installed without the extra.
        from tasks.chat.openai_model import OpenAIModel
    except ImportError as error:
        raise SettingsError("CHAT_MODEL is openai: install todo-tasks[chat-openai]") from error
    return OpenAIModel(
        settings.openai_model,
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        seconds=settings.chat_model_seconds,
    )
