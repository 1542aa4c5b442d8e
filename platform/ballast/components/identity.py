"""The key that signs a Todo environment's tokens, as Secret `identity` of its namespace."""

from collections.abc import Mapping

import pulumi

from ballast import names
from ballast.components.credentials import identity_key
from ballast.components.generated_secret import GeneratedSecret
from ballast.components.objects import child


class Identity(pulumi.ComponentResource):
    """One signing key per environment: a token of dev is worthless in staging."""

    def __init__(
        self,
        environments: Mapping[str, pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Identity", "identity", None, opts)
        for environment, namespace in environments.items():
            GeneratedSecret(
                "identity",
                namespace=names.ENVIRONMENT_NAMESPACES[environment],
                values=identity_key(),
                opts=child(self, [namespace]),
            )
        self.register_outputs({})
