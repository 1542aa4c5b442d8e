"""Where a request came from, as far as that can be believed."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN: Final = "unknown"
# Whoever has one IPv6 address has its whole /64.
_IPV6_PREFIX: Final = 64


class ClientAddresses:
    """Finds the client of a request; `X-Forwarded-For` counts only from `trusted` proxies."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted

    def of(self, scope: Scope) -> str:
        """The client's IPv4 address or IPv6 /64; UNKNOWN when the connection has no address."""
        client = scope.get("client")
        address = _parsed(client[0]) if client else None
        if address is None:
            return UNKNOWN
        hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        # The last hop was written by our peer, the one before it by the peer's peer, and so on.
        while hops and self._is_trusted(address):
            named = _parsed(hops.pop())
            if named is None:
                break
            address = named
        return _subscriber(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _parsed(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _subscriber(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _IPV6_PREFIX), strict=False))
