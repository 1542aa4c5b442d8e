"""The event broker behind Service `redpanda`: Kafka in KRaft mode or Redpanda, by the cluster."""

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import broker_kafka, broker_redpanda, network
from ballast.components.objects import child, declare, declare_all
from ballast.components.pods import service, service_account

NAME = "redpanda"
_NAMESPACE = names.MESSAGING_NAMESPACE


class Broker(pulumi.ComponentResource):
    """The broker; `server` is its StatefulSet. Clients know only the Service and its port."""

    def __init__(
        self,
        facts: ClusterFacts,
        namespace: pulumi.Resource,
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
                network.allow(
                    NAME,
                    _NAMESPACE,
                    [network.environments(), network.namespace(_NAMESPACE)],
                    list(software.PORTS.values()),
                ),
            ],
            options,
        )
        configuration = declare(software.config_map(NAME, _NAMESPACE, facts), options)
        self.server = declare(
            software.stateful_set(NAME, _NAMESPACE, facts),
            child(self, [namespace, account, configuration]),
        )
        self.register_outputs({})
