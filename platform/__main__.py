"""The Pulumi program: read the stack's settings, reach its cluster, stand the platform on it."""

import sys

import pulumi
from pulumi.runtime.config import CONFIG

from ballast.clusters import build_access
from ballast.errors import BallastError
from ballast.platform import Platform
from ballast.settings import load_settings

try:
    settings = load_settings(pulumi.get_stack(), CONFIG.get())
    access = build_access(settings)
    Platform("platform", settings, access)
except BallastError as error:
    pulumi.log.error(f"{error}\nfix: {error.fix}" if error.fix else str(error))
    sys.exit(1)

pulumi.export("kind", settings.kind)
pulumi.export("environments", list(settings.environments))
pulumi.export("kubeconfig", pulumi.Output.secret(access.kubeconfig))
