"""The model that needs nothing: the grammar, and the question that was asked before."""

from tasks.chat.answering import resumed
from tasks.chat.grammar.reading import understand
from tasks.chat.model import Message
from tasks.chat.understanding import Understanding


class RuleModel:
    """ChatModel by rules: the same message gives the same understanding, offline."""

    async def understand(self, message: Message) -> Understanding:
        """See ChatModel; this one is always available."""

        def read(text: str) -> Understanding:
            return understand(text, message.now, message.zone)

        if message.asked is not None:
            completed = resumed(message.asked, message.text, read)
            if completed is not None:
                return completed
        return read(message.text)
