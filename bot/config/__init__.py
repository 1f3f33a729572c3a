"""The configuration: one frozen value from TOML and environment, and everything wrong with it."""

from bot.config.findings import Finding
from bot.config.loading import Loaded, load
from bot.config.schema import Config, Secrets

__all__ = ["Config", "Finding", "Loaded", "Secrets", "load"]
