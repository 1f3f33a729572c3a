"""``/my-data`` and its buttons: a person sees, takes with them, puts right and deletes what is held."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.config import Config
from bot.model import Scope
from bot.rights import Rights as RightsUseCases
from bot.screens import panel
from bot.screens import rights as screens
from cogs._router import Answer, Pressed, Router


class Rights(commands.Cog):
    """``/my-data``. Its buttons carry nothing: each acts on what is held about whoever presses it."""

    def __init__(self, config: Config, router: Router, rights: RightsUseCases) -> None:
        """Take the use case and register what the buttons do."""
        self._config = config
        self._router = router
        self._rights = rights
        router.add_presses(
            {
                panel.MY_DATA: self.see,
                screens.DOWNLOAD: self.download,
                screens.CORRECT: self.correct,
                screens.CONSENT: self.ask_consent,
                screens.CONSENT_NOW: self.take_back_consent,
                screens.CONSENT_NOW_AS_MEMBER: self.take_back_consent_as_member,
                screens.DELETE: self.ask_delete,
                screens.ALL_NOW: self.delete_all,
                screens.ALL_NOW_AS_MEMBER: self.delete_all_as_member,
                screens.KEEP_LINKS_NOW: self.delete_all_but_links,
                screens.CANCEL: self.cancel,
            }
        )

    @app_commands.command(name="my-data", description="See, download or delete what we hold about you")
    @app_commands.guild_only()
    async def my_data(self, interaction: discord.Interaction) -> None:
        """Show what is held."""
        await self._router.answer(interaction, self.see)

    async def see(self, pressed: Pressed) -> Answer:
        """Everything that is held about whoever presses."""
        return screens.seen(pressed.voice, self._config, await self._rights.see(pressed.visitor))

    async def download(self, pressed: Pressed) -> Answer:
        """*Download*."""
        return screens.files(pressed.voice, self._config, await self._rights.see(pressed.visitor))

    async def correct(self, pressed: Pressed) -> Answer:
        """*Put it right*."""
        return screens.correcting(pressed.voice, self._config, await self._rights.see(pressed.visitor))

    async def ask_delete(self, pressed: Pressed) -> Answer:
        """*Delete*: the consequence first."""
        return screens.before(pressed.voice, await self._rights.before(pressed.visitor, Scope.PERSON))

    async def ask_consent(self, pressed: Pressed) -> Answer:
        """*Take back my consent*: the consequence first."""
        return screens.before(pressed.voice, await self._rights.before(pressed.visitor, Scope.CONSENT))

    async def delete_all(self, pressed: Pressed) -> Answer:
        """*Delete everything*, as somebody who is no member."""
        return await self._delete(pressed, Scope.PERSON, as_member=False)

    async def delete_all_as_member(self, pressed: Pressed) -> Answer:
        """*Delete everything*, as a member who was told what that means for their place."""
        return await self._delete(pressed, Scope.PERSON, as_member=True)

    async def delete_all_but_links(self, pressed: Pressed) -> Answer:
        """*Keep my links, delete the rest*."""
        return await self._delete(pressed, Scope.REST, as_member=True)

    async def take_back_consent(self, pressed: Pressed) -> Answer:
        """*Take back my consent now*, as somebody who is no member."""
        return await self._delete(pressed, Scope.CONSENT, as_member=False)

    async def take_back_consent_as_member(self, pressed: Pressed) -> Answer:
        """*Take back my consent now*, as a member who was told what that means for their place."""
        return await self._delete(pressed, Scope.CONSENT, as_member=True)

    async def _delete(self, pressed: Pressed, scope: Scope, *, as_member: bool) -> Answer:
        result = await self._rights.delete(pressed.visitor, scope, as_member=as_member)
        return screens.deleted(pressed.voice, self._config, result)

    async def cancel(self, pressed: Pressed) -> Answer:
        """*Cancel*."""
        return screens.cancelled(pressed.voice)
