import json
import ssl
import stat

import pytest
from cryptography import x509

from ballast.node import pki
from ballast.node.errors import NodeError
from ballast.node.layout import Layout


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path / "node")
    pki.ensure_pki(made, 16443)
    return made


def test_keys_are_readable_by_their_owner_only(layout):
    files = [*layout.pki.iterdir(), layout.admin_kubeconfig]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(layout.pki.stat().st_mode) == 0o700


def test_a_second_start_keeps_every_key(layout):
    before = {path.name: path.read_bytes() for path in layout.pki.glob("*.key")}
    pki.ensure_pki(layout, 16443)
    assert {path.name: path.read_bytes() for path in layout.pki.glob("*.key")} == before


def test_an_interrupted_first_start_is_made_whole(layout):
    (layout.pki / "complete").unlink()
    (layout.pki / "ca.key").write_text("half")
    pki.ensure_pki(layout, 16443)
    assert (layout.pki / "ca.key").read_text() != "half"


def test_lost_keys_of_kept_data_are_not_replaced_by_others(layout):
    (layout.pki / "complete").unlink()
    (layout.data / "etcd").mkdir(parents=True)
    with pytest.raises(NodeError, match="cannot be read") as caught:
        pki.ensure_pki(layout, 16443)
    assert "--purge" in caught.value.fix


def test_certificates_near_their_end_are_renewed_by_the_same_authority(layout, monkeypatch):
    authority = (layout.pki / "ca.crt").read_bytes()
    old = (layout.pki / "kubelet.crt").read_bytes()
    monkeypatch.setattr(pki, "RENEW_DAYS", pki.LEAF_DAYS + 1)
    pki.ensure_pki(layout, 16443)
    assert (layout.pki / "kubelet.crt").read_bytes() != old
    assert (layout.pki / "ca.crt").read_bytes() == authority


def test_the_admin_reaches_the_forwarded_port_and_nothing_else(layout):
    document = json.loads(layout.admin_kubeconfig.read_text())
    assert [each["cluster"]["server"] for each in document["clusters"]] == [
        "https://127.0.0.1:16443"
    ]


def test_the_api_certificate_names_every_way_to_the_api(layout):
    certificate = x509.load_pem_x509_certificate((layout.pki / "apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)
    addresses = {str(each) for each in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "10.89.0.2", "10.96.0.1"}


def test_a_client_certificate_loads_with_its_key(layout):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(layout.pki / "admin.crt", layout.pki / "admin.key")
    context.load_verify_locations(layout.pki / "ca.crt")
