"""A real Vault on 127.0.0.1 with the platform's own configuration, and the cluster beside it."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from ports import free_port

from ballast.components.vault import server_configuration
from ballast.supply import build

ISSUER = "https://kubernetes.default.svc.cluster.local"
START_SECONDS = 180


@dataclass
class VaultServer:
    """One Vault with its storage in `folder`; it survives stop and start."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers, sealed or not."""
        binaries = build.ensure_binaries(("vault", "postgresql-database-plugin"))
        plugins = self.folder / "plugins"
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        plugins.mkdir(exist_ok=True)
        plugin = plugins / "postgresql-database-plugin"
        if not plugin.exists():
            shutil.copy2(binaries["postgresql-database-plugin"], plugin)
        text = server_configuration(None)
        for pattern, value in {
            r"0\.0\.0\.0:8200": f"127.0.0.1:{self.port}",
            r"0\.0\.0\.0:8201": f"127.0.0.1:{free_port()}",
            r"/vault/data": str(self.folder / "data"),
            r'plugin_directory = ".*"': f'plugin_directory = "{plugins}"',
        }.items():
            text, changed = re.subn(pattern, value, text)
            assert changed, pattern
        config = self.folder / "vault.hcl"
        config.write_text(f"{text}\ndisable_mlock = true\n")  # as the chart adds it
        with (self.folder / "vault.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL"),
                    *(str(binaries["vault"]), "server", f"-config={config}"),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    "VAULT_API_ADDR": self.url,
                    "VAULT_CLUSTER_ADDR": f"https://127.0.0.1:{free_port()}",
                    "HOME": str(self.folder),
                    "PATH": os.environ["PATH"],
                },
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/v1/sys/seal-status", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "vault.log").read_text()[-2000:])

    def stop(self) -> None:
        """Kill it and its plugins' processes, as a node that loses power would."""
        if self.process and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def plugins(self) -> list[int]:
        """Processes of its plugins."""
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    program = (entry / "cmdline").read_bytes().split(b"\0")[0].decode()
                    if program.startswith(str(self.folder / "plugins")):
                        found.append(int(entry.name))
        return found

    def request(self, method: str, path: str, token: str = "", body: Any = None) -> httpx.Response:
        """One API call."""
        headers = {"X-Vault-Token": token} if token else {}
        return httpx.request(
            method, f"{self.url}/v1/{path}", headers=headers, json=body, timeout=30, trust_env=False
        )


class SmallCluster:
    """The parts of a Kubernetes API that the custodian uses, and tokens that it would issue."""

    def __init__(self) -> None:
        self.secret: dict[str, str] = {}
        self.rotate()
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = cluster.jwks() if "jwks" in self.path else {"data": cluster.secret}
                self._answer(found)

            def do_PATCH(self) -> None:
                size = int(self.headers["Content-Length"])
                cluster.secret |= json.loads(self.rfile.read(size))["data"]
                self._answer({})

            def _answer(self, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self._key = rsa.generate_private_key(65537, 2048)

    def jwks(self) -> dict[str, Any]:
        public = self._key.public_key().public_numbers()

        def text(number: int) -> str:
            raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

        return {"keys": [{"kty": "RSA", "n": text(public.n), "e": text(public.e)}]}

    def token(self, namespace: str, account: str, audience: str = "vault") -> str:
        """A projected token of a service account."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": [audience],
            "sub": f"system:serviceaccount:{namespace}:{account}",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
        }
        return jwt.encode(claims, self._key, algorithm="RS256")
