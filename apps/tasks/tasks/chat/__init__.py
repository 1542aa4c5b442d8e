"""Talking to the task list: a sentence becomes a tool call or a question, never a guess."""
