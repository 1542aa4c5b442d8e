"""A message as a JSON document, for receivers that are programs."""

from typing import Any

from notifications.models.attempt import Attempt


def document(attempt: Attempt, address: str) -> dict[str, Any]:
    """What a webhook or a push service receives."""
    message = attempt.message
    return {
        "id": attempt.idempotency_key,
        "to": address,
        "subject": message.subject,
        "body": message.body,
        "user_id": message.user_id,
        "task_id": message.task_id,
        "reminder_id": message.reminder_id,
        "event_id": str(message.event_id),
        "event_time": message.event_time.isoformat(),
    }
