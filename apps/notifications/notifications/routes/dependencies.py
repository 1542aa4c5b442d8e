"""What the routes take from the application."""

from typing import Annotated

from fastapi import Depends, Request

from notifications.live import LiveStreams
from notifications.repository.deliveries import DeliveryRepository
from notifications.repository.recipients import RecipientRepository
from notifications.repository.recording import PostgresEventEffects


async def _deliveries(request: Request) -> DeliveryRepository:
    return request.app.state.deliveries


async def _recipients(request: Request) -> RecipientRepository:
    return request.app.state.recipients


async def _effects(request: Request) -> PostgresEventEffects:
    return request.app.state.effects


async def _streams(request: Request) -> LiveStreams:
    return request.app.state.streams


Deliveries = Annotated[DeliveryRepository, Depends(_deliveries)]
Recipients = Annotated[RecipientRepository, Depends(_recipients)]
Effects = Annotated[PostgresEventEffects, Depends(_effects)]
Streams = Annotated[LiveStreams, Depends(_streams)]
