"""Driving the real Pulumi engine for one stack: up, preview, refresh, destroy, outputs."""

from ballast.engine.embedded import embedded
from ballast.engine.outcome import EngineError, Outcome
from ballast.engine.stack import Engine

__all__ = ["Engine", "EngineError", "Outcome", "embedded"]
