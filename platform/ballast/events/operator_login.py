"""The operators' login to the broker, which no pod of an environment has."""

import base64
import binascii
import json

from ballast import names
from ballast.errors import BallastError
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping


def operator_login(api: KubeApi, environment: str) -> bytes:
    """User, password and authority as JSON, from the Secret that only operators may read.

    Raises BallastError when it is not there or has no such user.
    """
    user = names.broker_user(names.OPERATOR_USER, environment)
    secret = api.get("v1", "Secret", names.BROKER_USERS, names.MESSAGING_NAMESPACE) or {}
    data = mapping(secret.get("data"))
    try:
        password, authority = (
            base64.b64decode(str(data[key]), validate=True).decode() for key in (user, "ca.crt")
        )
    except (KeyError, binascii.Error) as error:
        raise BallastError(
            f"Secret {names.MESSAGING_NAMESPACE}/{names.BROKER_USERS} has no login of {user}",
            fix="pulumi up, which makes it for every environment of the stack",
        ) from error
    login = {"username": user, "password": password, "authority": authority}
    return json.dumps(login).encode()
