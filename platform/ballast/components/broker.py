"""The event broker behind Service `redpanda`: Kafka in KRaft mode or Redpanda, by the cluster."""

from collections.abc import Mapping

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import broker_authority, broker_kafka, broker_redpanda, network
from ballast.components.broker_access import BrokerAccess
from ballast.components.generated_secret import GeneratedSecret
from ballast.components.objects import child, declare, declare_all
from ballast.components.pods import service, service_account

NAME = "redpanda"
_NAMESPACE = names.MESSAGING_NAMESPACE


class Broker(pulumi.ComponentResource):
    """The broker; `server` is its StatefulSet, `access` whom it admits.

    Clients know only the Service and its port, where they log in over TLS. A changed
    `password_generation` gives every user another password.
    """

    def __init__(
        self,
        environments: Mapping[str, pulumi.Resource],
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        *,
        password_generation: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Broker", "broker", None, opts)
        software = broker_kafka if facts.broker == "kafka" else broker_redpanda
        options = child(self, [namespace])
        account, *_ = declare_all(
            [
                service_account(NAME, _NAMESPACE),
                # Brokers find each other by name before they are ready to serve.
                service(
                    NAME, _NAMESPACE, software.PORTS, headless=True, publishNotReadyAddresses=True
                ),
                # Only the ports of clients are open to the environments.
                network.allow(
                    NAME,
                    _NAMESPACE,
                    [network.environments(), network.namespace(_NAMESPACE)],
                    [software.PORTS[port] for port in software.OPEN],
                ),
                network.allow(
                    NAME,
                    _NAMESPACE,
                    [network.namespace(_NAMESPACE)],
                    [
                        number
                        for port, number in software.PORTS.items()
                        if port not in software.OPEN
                    ],
                    name=f"{NAME}-inside",
                ),
            ],
            options,
        )
        authority = GeneratedSecret(
            broker_authority.SECRET,
            namespace=_NAMESPACE,
            values=broker_authority.fresh(),
            opts=options,
        )
        configuration = declare(software.config_map(NAME, _NAMESPACE, facts), options)
        self.server = declare(
            software.stateful_set(NAME, _NAMESPACE, facts),
            child(self, [namespace, account, configuration, authority.secret]),
        )
        self.access = BrokerAccess(
            self.server,
            authority,
            environments,
            namespace,
            generation=password_generation,
            opts=child(self),
        )
        self.register_outputs({})
