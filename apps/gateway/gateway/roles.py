"""What a user may do."""

from enum import StrEnum


class Role(StrEnum):
    """The role in a user's token: everybody is a `user`, an `admin` may give roles."""

    USER = "user"
    ADMIN = "admin"
