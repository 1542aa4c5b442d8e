"""`python tests/contract/openapi_documents.py`: write docs/openapi/*.json from the services."""

import json
from pathlib import Path
from typing import Any

from analytics.app import create_app as create_analytics
from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from notifications.app import create_app as create_notifications
from scheduler.app import create_app as create_scheduler
from scheduler.settings import SchedulerSettings
from tasks.app import create_app as create_tasks
from todo_shared.settings import DatabaseSettings, ServiceSettings

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"


def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of each service, as it serves it."""
    settings = ServiceSettings(sidecar_url="http://127.0.0.1:1")
    database = DatabaseSettings(database_url="postgresql://nobody@localhost/none")
    apps = (
        create_gateway(settings, GatewaySettings()),
        create_tasks(settings, database),
        create_notifications(settings, database),
        create_scheduler(settings, database, SchedulerSettings()),
        create_analytics(settings, database),
    )
    return {app.title: app.openapi() for app in apps}


def rendered(document: dict[str, Any]) -> str:
    """The document as it is stored."""
    made = {"x-generated-by": "python tests/contract/openapi_documents.py"}
    return json.dumps(made | document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (FOLDER / f"{name}.json").write_text(rendered(document))
