"""The buttons under a concern, for those who look into it."""

from discord.ext import commands

from bot.concerns.handling import ConcernFile, Handling, Overtaken
from bot.concerns.patterns import Patterns
from bot.review.desk import Denied
from bot.screens import concern_files as screens
from bot.screens.files import denied
from cogs._router import Answer, Handler, Pressed, Router


class ConcernFiles(commands.Cog):
    """What moderators do with what they were told. Who may is worked out in the core, on every press."""

    def __init__(self, router: Router, handling: Handling, patterns: Patterns) -> None:
        """Take the use cases and register what the buttons and forms do."""
        self._handling = handling
        self._patterns = patterns
        router.add_presses(
            {
                screens.OPEN_CONCERN: self.open,
                screens.SHOW: self.show,
                screens.NOTE: self.note_form,
                screens.ASK: self.ask_form,
                screens.CLOSE: self.ask_close,
                screens.PATTERN_WHO: self.pattern_who,
                **{action: self._closing(action) for action in screens.CLOSE_WITH},
            }
        )
        router.add_forms({screens.NOTE: self.note, screens.ASK: self.ask})

    async def open(self, pressed: Pressed) -> Answer:
        """Open a concern from a list."""
        return _shown(pressed, await self._handling.open_by_id(pressed.visitor, pressed.ref))

    async def show(self, pressed: Pressed) -> Answer:
        """*Show who told us*."""
        result = await self._handling.show_reporter(pressed.visitor, pressed.ref)
        if isinstance(result, Denied):
            return denied(pressed.voice, result)
        return screens.shown(pressed.voice, result)

    async def note_form(self, pressed: Pressed) -> Answer:
        """*Write a note*."""
        may_not = await self._handling.why_not(pressed.visitor, pressed.ref)
        return denied(pressed.voice, may_not) if may_not else screens.note_form(pressed.voice, pressed.ref)

    async def note(self, pressed: Pressed) -> Answer:
        """A note was written."""
        return _shown(pressed, await self._handling.note(pressed.visitor, pressed.ref, _written(pressed)))

    async def ask_form(self, pressed: Pressed) -> Answer:
        """*Ask who told us*."""
        may_not = await self._handling.why_not(pressed.visitor, pressed.ref)
        return denied(pressed.voice, may_not) if may_not else screens.ask_form(pressed.voice, pressed.ref)

    async def ask(self, pressed: Pressed) -> Answer:
        """A question was written."""
        return _shown(pressed, await self._handling.ask(pressed.visitor, pressed.ref, _written(pressed)))

    async def ask_close(self, pressed: Pressed) -> Answer:
        """*Close it*: with what, first."""
        may_not = await self._handling.why_not(pressed.visitor, pressed.ref)
        return denied(pressed.voice, may_not) if may_not else screens.closing(pressed.voice, pressed.ref)

    def _closing(self, action: str) -> Handler:
        async def close(pressed: Pressed) -> Answer:
            """It ends like this."""
            outcome = screens.CLOSE_WITH[action]
            result = await self._handling.close(pressed.visitor, pressed.ref, outcome)
            if isinstance(result, Denied):
                return denied(pressed.voice, result)
            return screens.closed(pressed.voice, result)

        return close

    async def pattern_who(self, pressed: Pressed) -> Answer:
        """*Show who it is*, under counts."""
        result = await self._patterns.look(pressed.visitor, pressed.ref, at_whom=True)
        if isinstance(result, Denied):
            return denied(pressed.voice, result)
        return screens.pattern(pressed.voice, result)


def _shown(pressed: Pressed, result: ConcernFile | Overtaken | Denied) -> Answer:
    match result:
        case ConcernFile():
            return screens.file(pressed.voice, result)
        case Overtaken():
            return screens.overtaken(pressed.voice, result)
        case Denied():
            return denied(pressed.voice, result)


def _written(pressed: Pressed) -> str:
    """The words in a submitted form."""
    written = pressed.values.get(screens.WRITTEN_FIELD) or ""
    return written if isinstance(written, str) else ""
