"""A real etcd, kube-apiserver and controller manager on 127.0.0.1, without a node."""

import base64
import datetime
import ipaddress
import os
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from ports import free_port

BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager")
_START_SECONDS = 180


@dataclass(frozen=True)
class ApiServer:
    """A running control plane."""

    kubeconfig: Path
    server: str


@contextmanager
def running(folder: Path, binaries: dict[str, Path]) -> Iterator[ApiServer]:
    """Start the three processes in `folder` and stop them again."""
    folder.mkdir(parents=True, exist_ok=True)
    pki = _Authority(folder)
    client, peer, port = free_port(), free_port(), free_port()
    etcd_url = f"http://127.0.0.1:{client}"
    kubeconfig = pki.kubeconfig(f"https://127.0.0.1:{port}")
    with _Processes(folder) as processes:
        processes.start(
            binaries["etcd"],
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={etcd_url}",
            f"--advertise-client-urls={etcd_url}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
        )
        processes.start(
            binaries["kube-apiserver"],
            f"--etcd-servers={etcd_url}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            f"--client-ca-file={pki.path('ca.crt')}",
            f"--tls-cert-file={pki.path('server.crt')}",
            f"--tls-private-key-file={pki.path('server.key')}",
            f"--service-account-key-file={pki.path('accounts.pub')}",
            f"--service-account-signing-key-file={pki.path('accounts.key')}",
            "--service-account-issuer=https://kubernetes.default.svc",
        )
        _wait_until_ready(f"https://127.0.0.1:{port}/readyz", folder, processes)
        processes.start(
            binaries["kube-controller-manager"],
            f"--kubeconfig={kubeconfig}",
            f"--service-account-private-key-file={pki.path('accounts.key')}",
            "--leader-elect=false",
            "--secure-port=0",
        )
        yield ApiServer(kubeconfig, f"https://127.0.0.1:{port}")


class _Processes:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "_Processes":
        return self

    def __exit__(self, *_: object) -> None:
        # Nothing of it is kept, so none of them needs the minute an orderly end may take.
        for process in reversed(self._running):
            process.kill()
            process.wait()

    def start(self, binary: Path, *arguments: str) -> None:
        log = (self._folder / f"{binary.name}.log").open("wb")
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        self._running.append(
            subprocess.Popen([binary, *arguments], stdout=log, stderr=log, env=environment)
        )

    def ended(self) -> list[str]:
        return [str(p.args) for p in self._running if p.poll() is not None]


def _wait_until_ready(url: str, folder: Path, processes: _Processes) -> None:
    trust = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    trust.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    end = time.monotonic() + _START_SECONDS
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    )
    while True:
        try:
            opener.open(url, timeout=5)
        except OSError as error:
            if processes.ended() or time.monotonic() > end:
                logs = "\n".join(p.read_text()[-1500:] for p in folder.glob("*.log"))
                raise RuntimeError(f"the API server did not start: {error}\n{logs}") from error
            time.sleep(0.1)
        else:
            return


class _Authority:
    """A throw-away certificate authority whose files lie in the fixture's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self._serial = 1
        certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._write("ca.crt", certificate.public_bytes(serialization.Encoding.PEM))
        self._issue("server", "kube-apiserver", None, ExtendedKeyUsageOID.SERVER_AUTH)
        self._issue("admin", "admin", "system:masters", ExtendedKeyUsageOID.CLIENT_AUTH)
        accounts = ec.generate_private_key(ec.SECP256R1())
        self._write("accounts.key", _pem(accounts))
        self._write(
            "accounts.pub",
            accounts.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        )

    def path(self, name: str) -> Path:
        return self._folder / name

    def kubeconfig(self, server: str) -> Path:
        def data(name: str) -> str:
            return base64.b64encode(self.path(name).read_bytes()).decode()

        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": server, "certificate-authority-data": data("ca.crt")},
                }
            ],
            "users": [
                {
                    "name": "admin",
                    "user": {
                        "client-certificate-data": data("admin.crt"),
                        "client-key-data": data("admin.key"),
                    },
                }
            ],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        }
        return self._write("admin.kubeconfig", yaml.safe_dump(document).encode())

    def _issue(self, file: str, name: str, group: str | None, usage: x509.ObjectIdentifier) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if group:
            parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        certificate = (
            self._builder(x509.Name(parts), key)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName(
                    [
                        x509.DNSName("localhost"),
                        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                        x509.IPAddress(ipaddress.ip_address("10.96.0.1")),
                    ]
                ),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        self._write(f"{file}.crt", certificate.public_bytes(serialization.Encoding.PEM))
        self._write(f"{file}.key", _pem(key))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        self._serial += 1
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(self._serial)
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    def _write(self, name: str, content: bytes) -> Path:
        path = self.path(name)
        path.write_bytes(content)
        path.chmod(0o600)
        return path


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
