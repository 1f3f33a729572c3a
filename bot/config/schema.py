"""The configuration as one frozen value, and the secrets, which never stand in it."""

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config.review_tables import Appeals, Concerns, Confirm, Review
from bot.config.tables import (
    Admission,
    Community,
    Discord,
    Drift,
    Gate,
    Health,
    Help,
    Notice,
    Raid,
    Retention,
    Storage,
    Timers,
)
from bot.questionnaire import Page, Questionnaire
from bot.rules import Rule, rules_hash
from bot.text import Text
from bot.words import Words

DEFAULTS = Path(__file__).with_name("defaults.toml")
"""What applies where the admin's file says nothing."""

PREFIX = "PORCHLIGHT_"
NESTED = "__"


@cache
def _shipped() -> dict[str, Any]:
    """The defaults, read once: reading them takes longer than all the checks."""
    return tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))


class Config(BaseSettings):
    """Everything an admin decides.

    What is passed in is laid over the shipped defaults: tables key by key, lists as a whole. The
    environment is laid on top by ``load``, which can then say where a mistake stands.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=NESTED,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    community: Community
    discord: Discord | None = None
    storage: Storage = Storage()
    timers: Timers
    admission: Admission
    retention: Retention
    notice: Notice = Notice()
    drift: Drift
    raid: Raid
    health: Health = Health()
    review: Review
    confirm: Confirm
    appeals: Appeals
    concerns: Concerns
    help: Help
    gate: Gate
    pages: tuple[Page, ...]
    rules: tuple[Rule, ...]
    messages: Mapping[str, Text] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in, over the defaults."""
        return init_settings, InitSettingsSource(settings_cls, _shipped())

    # One configuration is one object for the life of the process: comparing two by content means
    # nothing, and a mapping inside cannot be hashed.
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The pages as one questionnaire."""
        return Questionnaire(pages=self.pages)

    @cached_property
    def rules_version(self) -> str:
        """The hash that names this set of rules."""
        return rules_hash(self.rules)

    @cached_property
    def words(self) -> Words:
        """The sentences, with this community's overrides and names."""
        return Words(self.community.language, self.messages, shared_values(self.community))

    @property
    def moderator_roles(self) -> frozenset[int]:
        """The roles whose holders may act as moderators; none without a ``[discord]`` table."""
        return frozenset(self.discord.moderator_roles) if self.discord else frozenset()


def shared_values(community: Community) -> dict[str, str]:
    """What the placeholders stand for that every text may use."""
    return {
        "name": community.name,
        "discreet_name": community.discreet_name,
        "minimum_age": str(community.minimum_age),
        "work_contact": community.work_contact,
        "privacy_contact": community.privacy_contact,
    }


class Secrets(BaseSettings):
    """What only the environment, or ``.env`` in the working directory, may hold."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    discord_token: SecretStr | None = Field(default=None, validation_alias="DISCORD_TOKEN")
    key: SecretStr | None = Field(default=None, validation_alias="PORCHLIGHT_KEY")
    new_key: SecretStr | None = Field(default=None, validation_alias="PORCHLIGHT_NEW_KEY")
    """Only while the master key is replaced, where the old one comes from the environment, too."""
