"""Turning an endpoint into a TLS context and request headers; running exec plugins."""

import base64
import json
import os
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ballast.errors import BallastError
from ballast.kubeapi.kubeconfig import Endpoint, ExecPlugin
from ballast.kubeapi.shape import Json

_PLUGIN_SECONDS = 60


@dataclass(frozen=True)
class Session:
    """What a connection needs: the TLS context and the headers that identify the caller."""

    tls: ssl.SSLContext
    headers: dict[str, str]


def open_session(endpoint: Endpoint) -> Session:
    """Build the session; runs the exec plugin when there is one. Raises BallastError."""
    certificate, key, token = endpoint.client_certificate, endpoint.client_key, endpoint.token
    if endpoint.token_file and not token:
        try:
            token = endpoint.token_file.read_text().strip()
        except OSError as error:
            raise BallastError(
                f"token file {endpoint.token_file}: {error.strerror}",
                "sign in again so that the token file is written",
            ) from error
    if endpoint.plugin:
        status = _run(endpoint.plugin)
        token = status.get("token") or token
        if status.get("clientCertificateData"):
            certificate = str(status["clientCertificateData"]).encode()
            key = str(status.get("clientKeyData") or "").encode()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not endpoint.verify:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    elif endpoint.ca:
        tls.load_verify_locations(cadata=endpoint.ca.decode())
    else:
        tls.load_default_certs()
    if certificate and key:
        _load_pair(tls, certificate, key)
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif endpoint.basic:
        pair = ":".join(endpoint.basic).encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return Session(tls, headers)


def _load_pair(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    # The ssl module reads a key from a file only; this one is private and gone at once.
    with tempfile.NamedTemporaryFile(suffix=".pem") as pair:
        pair.write(certificate + b"\n" + key)
        pair.flush()
        try:
            tls.load_cert_chain(pair.name)
        except ssl.SSLError as error:
            raise BallastError(
                f"the kubeconfig's client certificate and key do not fit: {error.reason}",
                "write the kubeconfig anew",
            ) from error


def _run(plugin: ExecPlugin) -> Json:
    request = {
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    name = Path(plugin.command).name
    try:
        done = subprocess.run(
            [plugin.command, *plugin.args],
            env={**os.environ, **plugin.env, "KUBERNETES_EXEC_INFO": json.dumps(request)},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_PLUGIN_SECONDS,
            check=False,
            text=True,
        )
    except FileNotFoundError as error:
        raise BallastError(
            f"the kubeconfig asks for the credential program {name}, which is not installed",
            f"install {name} and put it on PATH",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BallastError(
            f"the credential program {name} did not answer in {_PLUGIN_SECONDS} s",
            f"run {name} by hand: it may be waiting for a sign-in",
        ) from error
    if done.returncode != 0:
        raise BallastError(
            f"the credential program {name} failed: {done.stderr.strip()[-500:]}",
            f"sign in with the cloud's own tool, then run {name} by hand",
        )
    try:
        status: Json = json.loads(done.stdout)["status"]
    except (ValueError, KeyError, TypeError) as error:
        raise BallastError(
            f"the credential program {name} printed no ExecCredential", f"update {name}"
        ) from error
    return status
