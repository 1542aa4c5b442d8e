"""What the service reads from its environment beside what every service has."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from todo_shared.settings import EnvironmentModel


class DeliverySettings(EnvironmentModel):
    """How deliveries are sent; times in seconds.

    A failed attempt is repeated after `delivery_backoff_seconds`, then after four times as long,
    and so on. `delivery_lines`: so many users are sent to at once, on each channel of a replica.
    """

    delivery_lines: Annotated[int, Field(gt=0, le=100)] = 16
    delivery_send_seconds: Annotated[float, Field(gt=0)] = 10.0
    delivery_lease_seconds: Annotated[float, Field(gt=0)] = 30.0
    delivery_sweep_seconds: Annotated[float, Field(gt=0)] = 5.0
    delivery_backoff_seconds: Annotated[float, Field(gt=0)] = 1.0
    delivery_stop_seconds: Annotated[float, Field(gt=0)] = 5.0

    @model_validator(mode="after")
    def _lease_outlives_a_send(self) -> Self:
        if self.delivery_lease_seconds < 2 * self.delivery_send_seconds:
            raise ValueError("DELIVERY_LEASE_SECONDS must be twice DELIVERY_SEND_SECONDS or more")
        return self
