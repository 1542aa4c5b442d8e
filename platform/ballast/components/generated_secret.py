"""A Secret whose values are made once, by the first run, and kept by every later one."""

import base64
from collections.abc import Mapping

import pulumi

from ballast.components.objects import child, declare


class GeneratedSecret(pulumi.ComponentResource):
    """Secret `name` in `namespace`. Each run offers fresh values; only the first run's are kept,
    so a second `up` changes nothing. Other objects must take a value from `value`, never from
    what they offered themselves."""

    def __init__(
        self,
        name: str,
        *,
        namespace: str,
        values: Mapping[str, str],
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:GeneratedSecret", f"{namespace}/{name}", None, opts)
        data = {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
        self.secret = declare(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
                "type": "Opaque",
                "data": data,
            },
            child(self, ignore_changes=["data", "stringData"]),
        )
        self.register_outputs({})

    def value(self, key: str) -> pulumi.Output[str]:
        """The kept value of `key`, as a secret output."""

        def decode(data: Mapping[str, str] | None) -> str:
            return base64.b64decode((data or {}).get(key, "")).decode()

        return pulumi.Output.secret(self.secret.data.apply(decode))
