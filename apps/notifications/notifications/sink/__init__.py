"""A program that stands where the providers stand: it takes messages and lets them be read."""

from typing import Final

PORT: Final = 8010
