"""``/organisation``: the register that tells which names are one organisation, and who belongs to whom."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.fairness.organisations import Organisations as OrganisationsUseCases
from bot.screens import organisations as screens
from bot.screens.elements import shorten
from cogs._router import Answer, Pressed, Router
from cogs._visitors import visitor_of

_NAME, _KIND, _OTHER = "name", "kind", "other"
_CHOICE = 100
"""Characters of a choice that Discord takes."""


class Organisations(commands.Cog):
    """What moderators know about organisations. Their role is checked again, in the core, every time."""

    organisation = app_commands.Group(
        name="organisation",
        description="For moderators: which organisations are one, and who belongs to whom",
        guild_only=True,
        default_permissions=discord.Permissions(moderate_members=True),
    )

    def __init__(self, config: Config, router: Router, organisations: OrganisationsUseCases) -> None:
        """Take the use cases."""
        self._config = config
        self._router = router
        self._organisations = organisations

    @organisation.command(name="add", description="Put an organisation in")
    @app_commands.describe(name="The name that it goes by", kind="What kind of organisation it is")
    async def add_command(self, interaction: discord.Interaction, name: str, kind: str) -> None:
        """``/organisation add``."""
        await self._router.answer(interaction, self.add, values={_NAME: name, _KIND: kind})

    @organisation.command(name="alias", description="Give an organisation another name")
    @app_commands.describe(name="The organisation", other="What else it is called")
    async def alias_command(self, interaction: discord.Interaction, name: str, other: str) -> None:
        """``/organisation alias``."""
        await self._router.answer(interaction, self.alias, values={_NAME: name, _OTHER: other})

    @organisation.command(name="parent", description="Say whom an organisation belongs to")
    @app_commands.describe(name="The organisation", parent="Its owner; leave it out for none")
    async def parent_command(self, interaction: discord.Interaction, name: str, parent: str = "") -> None:
        """``/organisation parent``."""
        await self._router.answer(interaction, self.parent, values={_NAME: name, _OTHER: parent})

    @organisation.command(name="merge", description="Say that two organisations are one")
    @app_commands.describe(name="The one that was put in by mistake", into="The one that stays")
    async def merge_command(self, interaction: discord.Interaction, name: str, into: str) -> None:
        """``/organisation merge``."""
        await self._router.answer(interaction, self.merge, values={_NAME: name, _OTHER: into})

    @organisation.command(name="show", description="An organisation's names, owners and what belongs to it")
    @app_commands.describe(name="The organisation")
    async def show_command(self, interaction: discord.Interaction, name: str) -> None:
        """``/organisation show``."""
        await self._router.answer(interaction, self.show, values={_NAME: name})

    @organisation.command(name="list", description="The organisations that the team knows")
    @app_commands.describe(search="A part of the name; leave it out for all")
    async def list_command(self, interaction: discord.Interaction, search: str = "") -> None:
        """``/organisation list``."""
        await self._router.answer(interaction, self.list_all, values={_NAME: search})

    @add_command.autocomplete("kind")
    async def offer_kinds(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what an organisation may be."""
        if not self._organisations.is_moderator(visitor_of(interaction)):
            return []
        voice = self._config.words.voice(str(interaction.locale))
        offered = [(voice.read(label), kind) for kind, label in self._organisations.kinds.items()]
        fitting = [(label, kind) for label, kind in offered if typed.casefold() in label.casefold()]
        return [app_commands.Choice(name=shorten(label, _CHOICE), value=kind) for label, kind in fitting[:25]]

    @alias_command.autocomplete("name")
    @parent_command.autocomplete("name")
    @parent_command.autocomplete("parent")
    @merge_command.autocomplete("name")
    @merge_command.autocomplete("into")
    @show_command.autocomplete("name")
    async def offer_names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the organisations that fit what is typed."""
        found = await self._organisations.suggest(visitor_of(interaction), typed)
        return [app_commands.Choice(name=shorten(name, _CHOICE), value=known_as) for known_as, name in found]

    async def add(self, pressed: Pressed) -> Answer:
        """Put an organisation in."""
        result = await self._organisations.add(
            pressed.visitor, _given(pressed, _NAME), _given(pressed, _KIND)
        )
        return screens.kept(pressed.voice, self._organisations.kinds, result)

    async def alias(self, pressed: Pressed) -> Answer:
        """Give an organisation another name."""
        result = await self._organisations.alias(pressed.visitor, *_both(pressed))
        return screens.kept(pressed.voice, self._organisations.kinds, result)

    async def parent(self, pressed: Pressed) -> Answer:
        """Say whom an organisation belongs to."""
        result = await self._organisations.set_parent(pressed.visitor, *_both(pressed))
        return screens.kept(pressed.voice, self._organisations.kinds, result)

    async def merge(self, pressed: Pressed) -> Answer:
        """Say that two organisations are one."""
        result = await self._organisations.merge(pressed.visitor, *_both(pressed))
        return screens.kept(pressed.voice, self._organisations.kinds, result)

    async def show(self, pressed: Pressed) -> Answer:
        """Show an organisation."""
        result = await self._organisations.show(pressed.visitor, _given(pressed, _NAME))
        return screens.kept(pressed.voice, self._organisations.kinds, result)

    async def list_all(self, pressed: Pressed) -> Answer:
        """Show the names that fit."""
        result = await self._organisations.search(pressed.visitor, _given(pressed, _NAME))
        return screens.listed(pressed.voice, result)


def _both(pressed: Pressed) -> tuple[str, str]:
    return _given(pressed, _NAME), _given(pressed, _OTHER)


def _given(pressed: Pressed, field: str) -> str:
    """What was typed for an option of a command."""
    value = pressed.values.get(field)
    return value if isinstance(value, str) else ""
