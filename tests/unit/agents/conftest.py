"""Small HTTP servers that stand in for Vault and for the Kubernetes API."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ballast.agents.vault_custodian import Cluster, Custodian, Plan

Answer = tuple[int, Any]


@contextmanager
def serving(answer: Callable[[str, str, dict[str, str], Any], Answer]) -> Iterator[str]:
    """Serve JSON from `answer(method, path, headers, body)` on a free port; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(size)
            body = json.loads(text) if text else None
            status, said = answer(self.command, self.path, dict(self.headers), body)
            data = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class ToyVault:
    """Enough of Vault's API to be initialised, unsealed, signed in to and written to."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.sealed = True
        self.tokens: set[str] = set()
        self.entries: dict[str, Any] = {}
        self.writes: list[str] = []
        self.broken: dict[str, Answer] = {}
        self.roots = 0
        self.trusted: list[str] = []

    def root(self) -> str:
        self.roots += 1
        token = f"hvs.root-{self.roots}-secret"
        self.tokens.add(token)
        return token

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        path = path.removeprefix("/v1/").partition("?")[0]
        if path in self.broken and method != "GET":
            return self.broken[path]
        open_paths = {
            "sys/init": self.init,
            "sys/seal-status": lambda *_: (200, {"sealed": self.sealed}),
            "sys/unseal": self.unseal,
            "sys/health": lambda *_: (200, {"standby": False}),
            "sys/generate-root/attempt": self.attempt,
            "sys/generate-root/update": self.update,
            "auth/jwt/login": self.login,
        }
        if path in open_paths:
            return open_paths[path](method, body)
        token = headers.get("X-Vault-Token", "")
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if path == "auth/token/revoke-self":
            self.tokens.discard(token)
            return 204, None
        return self.entry(method, path, body)

    def init(self, method: str, body: Any) -> Answer:
        if method == "GET":
            return 200, {"initialized": self.key is not None}
        self.key = base64.b64encode(b"the-unseal-key").decode()
        return 200, {"keys_base64": [self.key], "root_token": self.root()}

    def unseal(self, method: str, body: Any) -> Answer:
        self.sealed = body["key"] != self.key
        return 200, {"sealed": self.sealed}

    def attempt(self, method: str, body: Any) -> Answer:
        return (204, None) if method == "DELETE" else (200, {"nonce": "n", "otp": "o" * 40})

    def update(self, method: str, body: Any) -> Answer:
        if body != {"key": self.key, "nonce": "n"}:
            return 400, {"errors": ["invalid key"]}
        padded = self.root().ljust(40, "x")
        self.tokens.add(padded)
        mixed = bytes(a ^ ord("o") for a in padded.encode())
        return 200, {"encoded_token": base64.b64encode(mixed).decode().rstrip("=")}

    def login(self, method: str, body: Any) -> Answer:
        known = self.entries.get("auth/jwt/config", {}).get("jwt_validation_pubkeys")
        if known != self.trusted or "auth/jwt/role/custodian" not in self.entries:
            return 400, {"errors": ["error validating token"]}
        self.tokens.add("hvs.login-secret")
        return 200, {"auth": {"client_token": "hvs.login-secret", "lease_duration": 3600}}

    def entry(self, method: str, path: str, body: Any) -> Answer:
        if method == "GET":
            if path in {"sys/auth", "sys/mounts"}:
                mounts = {f"{name.rpartition('/')[2]}/" for name in self.entries if path in name}
                return 200, {"data": {name: {} for name in mounts}}
            found = self.entries.get(path)
            return (200, {"data": found}) if found is not None else (404, {"errors": []})
        self.writes.append(path)
        self.entries[path] = body
        return 204, None


class ToyCluster:
    """The three things the custodian asks of the Kubernetes API."""

    def __init__(self) -> None:
        self.secret: dict[str, str] = {}
        self.read_only = False
        self.rotate()

    def rotate(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        if headers.get("Authorization") != "Bearer cluster-token":
            return 401, {"message": "Unauthorized"}
        if path == "/openid/v1/jwks":
            return 200, {"keys": [rsa_jwk(self.key)]}
        if method == "PATCH" and self.read_only:
            return 403, {"message": "secrets is forbidden"}
        if method == "PATCH":
            self.secret |= body["data"]
        return 200, {"data": self.secret}


def base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def rsa_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "n": base64url(public.n), "e": base64url(public.e)}


class Scene:
    """A custodian between a toy Vault and a toy cluster, with the files of its pod."""

    def __init__(self, root: Path, vault_url: str, cluster_url: str) -> None:
        self.root = root
        self.vault_url = vault_url
        self.cluster_url = cluster_url
        claims = base64.urlsafe_b64encode(b'{"iss": "https://issuer"}').decode().rstrip("=")
        for path, text in {
            "var/run/secrets/kubernetes.io/serviceaccount/token": "cluster-token",
            "var/run/secrets/vault/token": f"header.{claims}.signature",
            "var/run/secrets/database/username": "postgres",
            "var/run/secrets/database/password": "database-password-secret",
            "plugin/sha256": "ab12\n",
        }.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def custodian(self) -> Custodian:
        """A new process: it remembers nothing."""
        plan = Plan(
            namespace="vault",
            custody="vault-custody",
            auto_unseal=False,
            database_host="postgres:5432",
            roles=("tasks-dev",),
            own_role={"role_type": "jwt"},
            entries=(
                {"path": "database/roles/tasks-dev", "body": {"db_name": "postgres"}},
                {"path": "transit/keys/gate", "body": {"type": "ed25519"}},
            ),
        )
        return Custodian(self.vault_url, Cluster(self.cluster_url, self.root), plan, self.root)


@pytest.fixture
def vault() -> ToyVault:
    return ToyVault()


@pytest.fixture
def cluster() -> ToyCluster:
    return ToyCluster()


@pytest.fixture
def scene(tmp_path: Path, vault: ToyVault, cluster: ToyCluster) -> Iterator[Scene]:
    with serving(vault.answer) as vault_url, serving(cluster.answer) as cluster_url:
        yield Scene(tmp_path, vault_url, cluster_url)


@pytest.fixture
def server() -> Callable[..., Any]:
    """`serving`."""
    return serving
