"""`python -m tasks`: run the service."""

import os

from tasks import PORT
from tasks.app import create_app
from tasks.chat.settings import ChatSettings
from tasks.read_copy.settings import ReadCopySettings
from todo_shared.serve import serve
from todo_shared.settings import DatabaseSettings, ServiceSettings

if __name__ == "__main__":
    settings = ServiceSettings.from_environment({"PORT": str(PORT), **os.environ})
    app = create_app(
        settings,
        DatabaseSettings.from_environment(),
        ChatSettings.from_environment(),
        copy_settings=ReadCopySettings.from_environment(),
    )
    serve(app, settings)
