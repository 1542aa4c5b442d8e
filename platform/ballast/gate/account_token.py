"""Short-lived tokens of the ServiceAccounts that `ballast` signs in as; no pod runs as them."""

from typing import Final

from ballast.errors import BallastError
from ballast.kubeapi import KubeApi, KubeApiError
from ballast.kubeapi.shape import mapping

TOKEN_SECONDS: Final = 600  # the shortest that the API server gives


def account_token(api: KubeApi, namespace: str, account: str, audience: str = "") -> str:
    """A token of an account for ten minutes, for an audience or for the API server itself.

    BallastError when the account does not exist or the cluster gives no token for it.
    """
    spec: dict[str, object] = {"expirationSeconds": TOKEN_SECONDS}
    if audience:
        spec["audiences"] = [audience]
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    path = api.path("v1", "ServiceAccount", account, namespace)
    try:
        answer = api.request("POST", f"{path}/token", body)
    except KubeApiError as error:
        raise BallastError(
            f"{account} cannot sign in to the cluster: {error}",
            "It comes with the platform: make up.",
        ) from error
    return str(mapping(answer.get("status")).get("token", ""))
