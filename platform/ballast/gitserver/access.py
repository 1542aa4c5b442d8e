"""Permission to push: an access token of the Git server, kept in a Secret of the cluster."""

import asyncio
import base64
from typing import Final, Protocol

import asyncssh

from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.names import GIT_NAMESPACE, GIT_REPOSITORY, GIT_SSH_PORT

ADMIN_SECRET: Final = "git-admin"  # noqa: S105 - the name of a Secret
TOKEN_SECRET: Final = "git-token"  # noqa: S105 - the name of a Secret
USER: Final = "admin"
CONNECT_SECONDS: Final = 15.0


class TokenSource(Protocol):
    """Where a push gets its credential."""

    def token(self, *, renew: bool = False) -> str:
        """A token; with `renew` a new one, because the last was refused."""
        ...

    def ensure_repository(self) -> None:
        """Create the repository when it is not there."""
        ...


class SoftServeAccess:
    """Tokens and repositories of soft-serve, through its SSH command line as administrator."""

    def __init__(self, api: KubeApi, ssh_port: int = GIT_SSH_PORT) -> None:
        """`ssh_port` is a port of 127.0.0.1."""
        self.api = api
        self.ssh_port = ssh_port

    def token(self, *, renew: bool = False) -> str:
        """The token in Secret git/git-token, made on the server when there is none."""
        kept = "" if renew else self._secret(TOKEN_SECRET).get("token", "")
        if kept:
            return kept
        fresh = self._command("token create ballast").strip().splitlines()[-1].strip()
        self.api.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": TOKEN_SECRET, "namespace": GIT_NAMESPACE},
                "stringData": {"token": fresh},
            },
            "ballast",
        )
        return fresh

    def ensure_repository(self) -> None:
        """Create the repository; one that exists is left as it is."""
        try:
            self._command(f"repo create {GIT_REPOSITORY}")
        except _CommandError as error:
            if "already exists" not in str(error):
                raise

    def _command(self, command: str) -> str:
        key = next(
            (value for value in self._secret(ADMIN_SECRET).values() if "PRIVATE KEY-----" in value),
            None,
        )
        if key is None:
            raise BallastError(
                f"Secret {GIT_NAMESPACE}/{ADMIN_SECRET} holds no private key",
                fix="provision the platform first: make up",
            )
        return asyncio.run(_run(key, self.ssh_port, command))

    def _secret(self, name: str) -> dict[str, str]:
        secret = self.api.get("v1", "Secret", name, GIT_NAMESPACE)
        data = mapping(mapping(secret).get("data"))
        return {key: base64.b64decode(str(value)).decode() for key, value in data.items()}


class _CommandError(BallastError):
    """The server refused a command; the message is what it said."""


async def _run(key: str, port: int, command: str) -> str:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            # The way from 127.0.0.1 to the server is our own forwarder: there is no host between
            # the two to impersonate it, and its host key is made anew with its volume.
            async with asyncssh.connect(
                "127.0.0.1",
                port,
                username=USER,
                client_keys=[asyncssh.import_private_key(key)],
                known_hosts=None,
                agent_path=None,
                config=None,
            ) as connection:
                done = await connection.run(command)
    except (OSError, TimeoutError, asyncssh.Error) as error:
        raise BallastError(
            f"the Git server does not answer on 127.0.0.1:{port}: {error or type(error).__name__}",
            fix="kubectl -n git get pods shows whether it runs; ballast node status, its port",
        ) from error
    said = str(done.stderr or "").strip()
    if done.exit_status != 0:
        raise _CommandError(f"the Git server refused `{command}`: {said or done.exit_status}")
    return str(done.stdout or "")
