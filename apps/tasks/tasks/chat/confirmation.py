"""What is asked about before it is done, whoever chose it."""

from tasks.chat.tools import CONFIRMED, DeleteTask
from tasks.chat.understanding import Choice, Missing, ToolCall, Understanding, ask


def confirmed_first(call: ToolCall) -> Understanding:
    """The call itself, or the question whether it is really meant."""
    if call.tool not in CONFIRMED:
        return Understanding(call=call)
    what = f'delete "{call.arguments.task}"' if isinstance(call.arguments, DeleteTask) else "do it"
    return ask(Missing.CONFIRMATION, f"Shall I {what}?", Choice("Yes", call), Choice("No"))
