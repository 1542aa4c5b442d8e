"""What runs on the node: pods, names, volumes, metrics, policies, ports."""

import socket
import ssl

import httpx
import pytest

from ballast.node import addons, lifecycle
from ballast.node.errors import NodeError

pytestmark = pytest.mark.e2e


def pod(name: str, image: str, script: str, **spec: object):
    container = {"name": "main", "image": image, "command": ["sh", "-c", script]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **spec},
    }


def is_ready(obj) -> bool:
    conditions = obj.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


@pytest.fixture
def apply(equipped):
    api, made = equipped.api, []

    def put(obj, wait=None):
        api.apply(obj, "test")
        made.append(obj)
        if wait:
            meta = obj["metadata"]
            where = (obj["apiVersion"], obj["kind"], meta["name"], meta.get("namespace"))
            return api.wait(*where, wait, 120)
        return None

    yield put
    for obj in reversed(made):
        meta = obj["metadata"]
        where = (obj["apiVersion"], obj["kind"], meta["name"], meta.get("namespace"))
        api.delete(*where, grace_seconds=0)
        equipped.until(lambda where=where: api.get(*where) is None)
    api.close()


def test_the_add_ons_become_available(equipped):
    for namespace, name in addons.DEPLOYMENTS:
        assert addons.available(equipped.api.get("apps/v1", "Deployment", name, namespace))


def test_an_image_runs_by_tag_and_by_digest(apply, images):
    busybox = images["busybox"]
    for name, image in (
        ("by-tag", busybox.reference),
        ("by-digest", f"{busybox.repository}@{busybox.digest}"),
    ):
        apply(pod(name, image, "sleep 1000"), is_ready)


def test_importing_again_imports_nothing(equipped, images):
    assert lifecycle.import_images(images.values()) == []


def test_names_resolve_and_nothing_outside_is_reached(apply, equipped, images):
    apply(pod("names", images["busybox"].reference, "sleep 1000"), is_ready)
    look = "nslookup kubernetes.default.svc.cluster.local"
    assert "10.96.0.1" in equipped.api.exec("default", "names", ["sh", "-c", look])
    out = "nc -w 2 1.1.1.1 443 </dev/null && echo reached || echo closed"
    assert "closed" in equipped.api.exec("default", "names", ["sh", "-c", out])


def test_a_volume_keeps_its_data_over_a_restart_of_the_node(apply, equipped, images):
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "kept", "namespace": "default"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "kept"}}
    writer = pod("writer", images["busybox"].reference, "echo hi >> /data/x; sleep 1000")
    writer["spec"]["volumes"] = [volume]
    writer["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    apply(claim)
    first = apply(writer, is_ready)["status"]["containerStatuses"][0]["containerID"]
    lifecycle.down()
    equipped.up()
    api = equipped.api

    def restarted(obj) -> bool:
        statuses = obj["status"].get("containerStatuses", [{}])
        return is_ready(obj) and statuses[0].get("containerID") != first

    api.wait("v1", "Pod", "writer", "default", restarted, 120)
    assert api.exec("default", "writer", ["cat", "/data/x"]).split() == ["hi", "hi"]


def test_usage_is_measured(equipped):
    api = equipped.api

    def measured():
        found = api.get("metrics.k8s.io/v1beta1", "NodeMetrics", "ballast-0")
        return found and found["usage"]["memory"]

    assert equipped.until(measured)


def test_a_network_policy_is_enforced(apply, equipped, images):
    image = images["busybox"].reference
    serve = "while true; do echo hello | nc -l -p 8080; done"
    server = apply(pod("server", image, serve), is_ready)
    apply(pod("client", image, "sleep 1000"), is_ready)
    address = server["status"]["podIP"]
    ask = ["sh", "-c", f"nc -w 1 {address} 8080 </dev/null || true"]

    def answer() -> str:
        return equipped.api.exec("default", "client", ask)

    equipped.until(lambda: "hello" in answer())
    deny = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": "default"},
        "spec": {"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"]},
    }
    apply(deny)
    equipped.until(lambda: "hello" not in answer())


def test_a_new_pod_that_a_policy_lets_in_is_not_refused_first(apply, equipped, images):
    image = images["busybox"].reference
    serve = "while true; do echo hello | nc -l -p 8080; done"
    server = apply(pod("guarded", image, serve), is_ready)
    address = server["status"]["podIP"]
    guests = {"podSelector": {"matchLabels": {"guest": "yes"}}}
    allow = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "guests", "namespace": "default"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "guarded"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [guests]}],
        },
    }
    apply(allow)
    apply(pod("stranger", image, "sleep 1000"), is_ready)
    ask = f"nc -w 2 {address} 8080 </dev/null 2>&1 || true"
    equipped.until(
        lambda: "hello" not in equipped.api.exec("default", "stranger", ["sh", "-c", ask])
    )

    for number in range(3):
        guest = pod(f"guest-{number}", image, f"nc -w 20 {address} 8080 </dev/null | grep hello")
        guest["metadata"]["labels"]["guest"] = "yes"
        guest["spec"]["restartPolicy"] = "Never"
        ended = apply(guest, lambda obj: obj["status"].get("phase") in {"Succeeded", "Failed"})
        assert ended["status"]["phase"] == "Succeeded"


def test_secrets_are_encrypted_on_disk(running):
    word = "a-word-found-nowhere-else"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "sealed", "namespace": "default"},
        "stringData": {"word": word},
    }
    plain = {**secret, "kind": "ConfigMap", "metadata": {"name": "open", "namespace": "default"}}
    plain["data"] = {"word": "another-word-found-nowhere-else"}
    del plain["stringData"]
    running.api.apply(secret, "test")
    running.api.apply(plain, "test")

    def stored(text: str) -> bool:
        files = (running.layout.data / "etcd").rglob("*")
        return any(text.encode() in path.read_bytes() for path in files if path.is_file())

    running.until(lambda: stored("another-word-found-nowhere-else"))
    assert not stored(word)


def test_public_keys_are_open_and_everything_else_is_not(running):
    base = f"https://127.0.0.1:{running.port}"
    authority = ssl.create_default_context(cafile=running.layout.pki / "ca.crt")
    with httpx.Client(verify=authority, trust_env=False) as client:
        assert client.get(f"{base}/openid/v1/jwks").json()["keys"]
        assert client.get(f"{base}/api/v1/namespaces").status_code == 401


def test_exposed_ports_lead_inside_and_are_replaced_as_a_whole(apply, equipped, images):
    serve = "while true; do echo hello | nc -l -p 8080; done"
    server = apply(pod("exposed", images["busybox"].reference, serve), is_ready)
    port = free_port()
    lifecycle.expose({port: (server["status"]["podIP"], 8080)})

    def answer() -> bytes:
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.shutdown(socket.SHUT_WR)
            return client.recv(16)

    assert answer() == b"hello\n"
    lifecycle.expose({})
    with pytest.raises(ConnectionRefusedError):
        answer()


def test_a_taken_port_is_refused_by_name(running):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(NodeError, match=str(port)):
            lifecycle.expose({port: ("10.89.0.2", 6443)})
    lifecycle.expose({})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_node_takes_pods_and_has_no_taints(running):
    found = running.api.get("v1", "Node", "ballast-0")
    assert found["spec"].get("taints", []) == []
    assert found["status"]["capacity"]["pods"] == "110"
