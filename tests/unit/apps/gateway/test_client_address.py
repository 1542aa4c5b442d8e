"""Nobody chooses the address that they are counted under."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.client_address import UNKNOWN, ClientAddresses
from gateway.settings import GatewaySettings

PROXIES = ClientAddresses([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    """A request from `peer` with these header lines."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    return {"type": "http", "client": (peer, 1234) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["198.51.100.1"], UNKNOWN),
        ("testclient", ["198.51.100.1"], UNKNOWN),
    ],
)
def test_the_client_is_the_last_hop_that_no_trusted_proxy_wrote_about_itself(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert PROXIES.of(scope(peer, *forwarded)) == client


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_header_moves_a_client_that_comes_directly(header: str) -> None:
    assert PROXIES.of(scope("192.0.2.7", header)) == "192.0.2.7"


@given(st.text(st.characters(max_codepoint=255, exclude_characters=","), max_size=30))
def test_what_a_client_writes_before_its_proxys_hop_is_not_read(header: str) -> None:
    assert PROXIES.of(scope("10.0.0.1", f"{header}, 198.51.100.1")) == "198.51.100.1"


def test_a_network_that_is_none_stops_the_service_at_start() -> None:
    settings = GatewaySettings(trusted_proxies="10.0.0.0/8, fd00::/8")
    assert [str(network) for network in settings.proxies] == ["10.0.0.0/8", "fd00::/8"]
    with pytest.raises(ValidationError, match="does not appear to be an IPv4 or IPv6 network"):
        GatewaySettings(trusted_proxies="ingress")
