"""Keeps Vault unsealed and configured: initialises, unseals, reconciles logins, databases and keys.

It holds no root token. A root token exists only while its own login is set up, made from the unseal
key, and is revoked at once. Environment: VAULT_ADDR, PLAN (JSON file), see `Plan`; files: the pod's
service-account folder, a projected token for audience `vault`, the database administrator's
username and password, and the SHA-256 of the PostgreSQL plugin (empty when Vault has it built in).
"""

import base64
import hashlib
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount"
VAULT_TOKEN = "var/run/secrets/vault/token"  # noqa: S105 - a path
ADMINISTRATOR = "var/run/secrets/database"
PLUGIN_SHA = "plugin/sha256"
OWN_ROLE = "custodian"
PLUGIN = "postgresql-database-plugin"
VERIFY_SECONDS = 30.0
STALE_SECONDS = 60.0

ENGINES = ("database", "transit")
POLICY_OF_CUSTODIAN = """
path "sys/mounts" { capabilities = ["read"] }
path "sys/mounts/database" { capabilities = ["create", "update"] }
path "sys/mounts/transit" { capabilities = ["create", "update"] }
path "transit/keys/+" { capabilities = ["read", "create", "update"] }
path "sys/policies/acl/*" { capabilities = ["read", "create", "update"] }
path "sys/plugins/catalog/database/*" { capabilities = ["read", "create", "update", "sudo"] }
path "auth/jwt/config" { capabilities = ["read", "create", "update"] }
path "auth/jwt/role/*" { capabilities = ["read", "create", "update"] }
path "database/config/*" { capabilities = ["read", "create", "update"] }
path "database/roles/*" { capabilities = ["read", "create", "update"] }
path "sys/leases/revoke-prefix/database/creds/*" { capabilities = ["update", "sudo"] }
"""


class Problem(Exception):  # noqa: N818 - not always an error: Vault may just be starting
    """Something that keeps Vault from its desired state; the next tick tries again."""


class Refused(Problem):
    """An HTTP answer of 400 or more."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def call(
    method: str,
    url: str,
    body: Any = None,
    *,
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> dict[str, Any]:
    """One JSON request. Raises Refused on an HTTP error, Problem when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)  # noqa: S310 - our own URL
    for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
            text = answer.read()
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace").strip()[:300]
        path = url.split("/", 3)[-1]
        raise Refused(error.code, f"{method} {path}: {error.code} {said}") from error
    except OSError as error:
        raise Problem(f"{url.split('/', 3)[2]} does not answer: {error}") from error
    return json.loads(text) if text else {}


def jwk_to_pem(key: dict[str, str]) -> str:
    """A public RSA or P-256 key of a JWKS as PEM. Raises Problem for any other type."""

    def number(name: str) -> bytes:
        return base64.urlsafe_b64decode(key[name] + "=" * (-len(key[name]) % 4))

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        if size < 0x80:
            return bytes([tag, size]) + content
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([tag, 0x80 | len(length)]) + length + content

    def integer(value: bytes) -> bytes:
        value = value.lstrip(b"\0") or b"\0"
        return der(0x02, b"\0" + value if value[0] & 0x80 else value)

    if key.get("kty") == "RSA":
        algorithm = bytes.fromhex("06092a864886f70d0101010500")
        point = der(0x30, integer(number("n")) + integer(number("e")))
    elif key.get("kty") == "EC" and key.get("crv") == "P-256":
        algorithm = bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107")
        point = b"\4" + number("x") + number("y")
    else:
        raise Problem(f"the cluster signs tokens with a key of type {key.get('kty')}")
    key_info = der(0x30, der(0x30, algorithm) + der(0x03, b"\0" + point))
    body = base64.encodebytes(key_info).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----"


def token_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified: only to learn the issuer of our own token."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@dataclass(frozen=True)
class Plan:
    """What Vault should hold: `entries` are its own API writes, {path, body}, in order.

    `custody` is the Secret for the unseal key; with `auto_unseal` a KMS holds that key instead.
    `own_role` is the login role of this program, `roles` those that may ask for a database user.
    """

    namespace: str
    custody: str
    auto_unseal: bool
    database_host: str
    roles: tuple[str, ...]
    own_role: dict[str, Any]
    entries: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """The plan in a JSON file."""
        raw: dict[str, Any] = json.loads(path.read_text())
        raw["roles"], raw["entries"] = tuple(raw["roles"]), tuple(raw["entries"])
        return cls(**raw)


class Cluster:
    """The Kubernetes API as this pod's service account sees it; `root` is where its files are."""

    def __init__(self, url: str, root: Path) -> None:
        self._url, self._root = url, root
        authority = root / ACCOUNT / "ca.crt"
        self._context = ssl.create_default_context(cafile=authority) if "https" in url else None

    def _call(self, method: str, path: str, body: Any = None, content: str = "") -> dict[str, Any]:
        token = (self._root / ACCOUNT / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        if content:
            headers["Content-Type"] = content
        return call(method, self._url + path, body, headers=headers, context=self._context)

    def signing_keys(self) -> list[str]:
        """PEM of every key that signs this cluster's service-account tokens."""
        return [jwk_to_pem(key) for key in self._call("GET", "/openid/v1/jwks")["keys"]]

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """The decoded data of a Secret."""
        found = self._call("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        data: dict[str, str] = found.get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def keep(self, namespace: str, name: str, values: dict[str, str]) -> None:
        """Merge values into a Secret that exists."""
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        self._call("PATCH", path, {"data": data}, "application/merge-patch+json")


class Custodian:
    """One tick brings Vault as close to the plan as it can get; ticks may fail and be repeated."""

    def __init__(self, vault: str, cluster: Cluster, plan: Plan, root: Path) -> None:
        self._vault, self._cluster, self._plan, self._root = vault, cluster, plan, root
        self._token: str = ""
        self._token_until = 0.0
        self._applied: str = ""
        self._verified = float("-inf")

    def tick(self) -> None:
        """Initialise, unseal, sign in, configure. Raises Problem with what stands in the way."""
        if not self._api("GET", "sys/init")["initialized"]:
            self._initialise()
        if self._api("GET", "sys/seal-status")["sealed"]:
            self._unseal()
        if time.monotonic() - self._verified < VERIFY_SECONDS:
            return
        desired = self._desired()
        self._sign_in()
        try:
            self._configure(rewrite=desired != self._applied)
        except Refused as error:
            self._token = "" if error.status == 403 else self._token
            raise
        if desired != self._applied:
            say(f"configured for {len(self._plan.roles)} database roles")
        self._applied, self._verified = desired, time.monotonic()

    def _api(self, method: str, path: str, body: Any = None, token: str = "") -> dict[str, Any]:
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"} if token else {}
        return call(method, f"{self._vault}/v1/{path}", body, headers=headers)

    def _initialise(self) -> None:
        plan = self._plan
        # Prove that the key can be kept before there is a key to lose.
        self._cluster.keep(plan.namespace, plan.custody, {})
        kind = "recovery" if plan.auto_unseal else "secret"
        made = self._api("PUT", "sys/init", {f"{kind}_shares": 1, f"{kind}_threshold": 1})
        keys = made["recovery_keys_base64" if plan.auto_unseal else "keys_base64"]
        while True:
            try:
                self._cluster.keep(plan.namespace, plan.custody, {"key": keys[0]})
                break
            except Problem as error:
                say(f"cannot keep the unseal key yet, trying again: {error}")
                time.sleep(1)
        say("initialised")
        if not plan.auto_unseal:
            self._unseal()
        self._wait_until_active()
        self._bootstrap(made["root_token"])

    def _key(self) -> str:
        key = self._cluster.secret(self._plan.namespace, self._plan.custody).get("key")
        if not key:
            raise Problem(
                f"Vault is initialised but Secret {self._plan.custody} holds no key: restore the "
                "Secret, or delete Vault's volume to begin anew"
            )
        return key

    def _unseal(self) -> None:
        if self._plan.auto_unseal:
            raise Problem("Vault is sealed and its KMS has not opened it yet")
        if self._api("PUT", "sys/unseal", {"key": self._key()})["sealed"]:
            raise Problem("the kept key does not open this Vault")
        say("unsealed")
        self._verified = float("-inf")

    def _wait_until_active(self) -> None:
        for _ in range(60):
            if not self._api("GET", "sys/health?standbycode=200")["standby"]:
                return
            time.sleep(0.5)
        raise Problem("Vault is unsealed but elects no leader")

    def _sign_in(self) -> None:
        if self._token and time.monotonic() < self._token_until:
            return
        self._wait_until_active()
        try:
            self._login()
        except Refused as error:
            if error.status >= 500:
                raise
            # The cluster signs with other keys than Vault knows, or the first start broke off.
            self._bootstrap(self._root_token())

    def _login(self) -> None:
        jwt = (self._root / VAULT_TOKEN).read_text().strip()
        auth = self._api("POST", "auth/jwt/login", {"role": OWN_ROLE, "jwt": jwt})["auth"]
        self._token = auth["client_token"]
        self._token_until = time.monotonic() + auth["lease_duration"] * 0.7

    def _root_token(self) -> str:
        self._api("DELETE", "sys/generate-root/attempt")
        attempt = self._api("PUT", "sys/generate-root/attempt", {})
        update = {"key": self._key(), "nonce": attempt["nonce"]}
        done = self._api("PUT", "sys/generate-root/update", update)
        encoded = done["encoded_token"]
        masked = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        pad = attempt["otp"].encode()
        return bytes(a ^ b for a, b in zip(masked, pad, strict=True)).decode()

    def _bootstrap(self, root: str) -> None:
        """Set up our own login with a root token, use it, and revoke the root token."""
        try:
            if "jwt/" not in self._api("GET", "sys/auth", token=root)["data"]:
                self._api("POST", "sys/auth/jwt", {"type": "jwt"}, root)
            self._api("PUT", f"sys/policies/acl/{OWN_ROLE}", {"policy": POLICY_OF_CUSTODIAN}, root)
            self._api("POST", "auth/jwt/config", self._jwt_config(), root)
            self._api("POST", f"auth/jwt/role/{OWN_ROLE}", self._plan.own_role, root)
            self._login()
        finally:
            self._api("POST", "auth/token/revoke-self", {}, root)
        say("signed in by service account; root token revoked")

    def _jwt_config(self) -> dict[str, Any]:
        issuer = token_claims((self._root / VAULT_TOKEN).read_text().strip())["iss"]
        keys = self._cluster.signing_keys()
        return {"jwt_validation_pubkeys": keys, "bound_issuer": issuer}

    def _desired(self) -> str:
        parts = [self._jwt_config(), asdict(self._plan), self._administrator(), self._plugin_sha()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _administrator(self) -> tuple[str, str]:
        folder = self._root / ADMINISTRATOR
        return (folder / "username").read_text().strip(), (folder / "password").read_text().strip()

    def _plugin_sha(self) -> str:
        return os.environ.get("PLUGIN_SHA256") or (self._root / PLUGIN_SHA).read_text().strip()

    def _configure(self, *, rewrite: bool) -> None:
        # An older release of this program may have written a smaller policy.
        own = {"policy": POLICY_OF_CUSTODIAN}
        self._ensure(rewrite, f"sys/policies/acl/{OWN_ROLE}", own)
        config = self._jwt_config()
        known = self._api("GET", "auth/jwt/config", token=self._token)["data"]
        if any(known.get(key) != value for key, value in config.items()):
            self._api("POST", "auth/jwt/config", config, self._token)
        mounts = self._api("GET", "sys/mounts", token=self._token)["data"]
        for engine in ENGINES:
            if f"{engine}/" not in mounts:
                self._api("POST", f"sys/mounts/{engine}", {"type": engine}, self._token)
        # What does not ask for the database need not wait for it.
        later = [each for each in self._plan.entries if each["path"].startswith("database/")]
        for entry in self._plan.entries:
            if entry not in later:
                self._ensure(rewrite, entry["path"], entry["body"])
        self._configure_database(rewrite=rewrite)
        for entry in later:
            self._ensure(rewrite, entry["path"], entry["body"])

    def _configure_database(self, *, rewrite: bool) -> None:
        if sha := self._plugin_sha():
            plugin = {"sha256": sha, "command": PLUGIN}
            self._ensure(rewrite, f"sys/plugins/catalog/database/{PLUGIN}", plugin)
        username, password = self._administrator()
        connection = {
            "plugin_name": PLUGIN,
            "allowed_roles": list(self._plan.roles),
            "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}"
            f"@{self._plan.database_host}/postgres?sslmode=disable",
            "username": username,
            "password": password,
            "password_authentication": "scram-sha-256",
            "max_open_connections": 4,
        }
        self._ensure(rewrite, "database/config/postgres", connection)

    def _ensure(self, rewrite: bool, path: str, body: dict[str, Any]) -> None:
        """Write when something changed here; otherwise only when Vault has lost the entry."""
        try:
            if not rewrite and self._api("GET", path, token=self._token):
                return
        except Refused as error:
            if error.status != 404:
                raise
        self._api("POST", path, body, self._token)


class Health:
    """When a tick last succeeded and what failed since; GET on `port` is 503 after a minute."""

    def __init__(self, port: int) -> None:
        self.good, self.problem = time.monotonic(), "starting"
        health = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fine = time.monotonic() - health.good < STALE_SECONDS
                self.send_response(200 if fine else 503)
                self.end_headers()
                self.wfile.write(json.dumps({"problem": health.problem}).encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Probes are not worth a line."""

        self.server = ThreadingHTTPServer(("", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def say(message: str) -> None:
    """One line of log. Never pass it a key, a token or a password."""
    print(f"vault-custodian: {message}", flush=True)


def main() -> None:
    """Tick for ever, every two seconds."""
    root = Path("/")
    host = os.environ["KUBERNETES_SERVICE_HOST"]
    cluster = Cluster(f"https://{host}:{os.environ['KUBERNETES_SERVICE_PORT']}", root)
    plan = Plan.read(Path(os.environ["PLAN"]))
    custodian = Custodian(os.environ["VAULT_ADDR"], cluster, plan, root)
    health = Health(int(os.environ.get("PORT", "8080")))
    while True:
        try:
            custodian.tick()
            health.good, health.problem = time.monotonic(), ""
        except (Problem, OSError) as error:
            if str(error) != health.problem:
                say(f"waiting: {error}")
            health.problem = str(error)
        time.sleep(2)


if __name__ == "__main__":
    sys.exit(main())
