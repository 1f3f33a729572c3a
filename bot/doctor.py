"""The doctor on the command line: looks at the server, says what is open, and mends what is safe."""

from collections.abc import Callable

from bot.config import Config
from bot.layout.applying import applied
from bot.layout.audit import audit, next_to_mend
from bot.layout.findings import Finding
from bot.layout.model import Server
from bot.ports import Builder, Done, Later, Refused, Surveyor
from bot.screens.findings import headline, told
from bot.screens.fixes import described
from bot.words import Voice

Say = Callable[[str], None]


class Doctor:
    """One visit."""

    def __init__(self, config: Config, surveyor: Surveyor, builder: Builder, say: Say) -> None:
        """Take the configuration, the ports, and where to say things.

        Raises ValueError for a configuration that names no server.
        """
        if config.discord is None:
            raise ValueError("no server")
        self._config = config
        self._places = config.discord.places
        self._lookout = surveyor
        self._builder = builder
        self._say = say
        self._voice: Voice = config.words.voice("")

    async def visit(self, *, fix: bool) -> bool:
        """Look, tell, mend if asked to, and look again. Whether no way past the gate is open in the end."""
        server = await self._surveyed()
        if server is None:
            return False
        found = self._tell(server)
        if fix and found:
            if not any(finding.mend for finding in found):
                self._say_words("fix_nothing")
            else:
                await self._mend(server)
                return await self._visit_again()
        return not any(finding.opens for finding in found)

    async def _visit_again(self) -> bool:
        server = await self._surveyed()
        if server is None:
            return False
        self._say_words("fix_done")
        return not any(finding.opens for finding in self._tell(server))

    async def _surveyed(self) -> Server | None:
        server = await self._lookout.survey()
        if isinstance(server, Server):
            return server
        self._say_words("not_looked" if isinstance(server, Later) else "not_looked_at_all")
        return None

    def _tell(self, server: Server) -> tuple[Finding, ...]:
        removes = self._config.timers.after_lapse == "remove"
        found = audit(server, self._places, removes_people=removes)
        self._plainly(headline(self._voice, found))
        for finding in found:
            self._say("")
            self._plainly(told(self._voice, finding))
        self._say("")
        return found

    async def _mend(self, server: Server) -> None:
        """Mend one finding after the other; what Discord does not allow is left as it is."""
        self._say_words("fix_title")
        tried: set[str] = set()
        while (finding := next_to_mend(server, self._places, tried)) is not None:
            tried.add(finding.fingerprint)
            # The order matters: whoever stays is named in a channel before it is hidden.
            for change in finding.mend:
                for sentence in described(self._voice, server, change):
                    self._plainly(f"- {sentence}")
                result = await self._builder.apply(change)
                if not isinstance(result, Done):
                    self._say_words("fix_refused" if isinstance(result, Refused) else "fix_later")
                    break
                server = applied(server, change)
        self._say("")

    def _say_words(self, key: str) -> None:
        self._plainly(self._voice.say(key))

    def _plainly(self, text: str) -> None:
        """Without the marks that Discord would show as bold letters and as code."""
        self._say(text.replace("**", "").replace("`", ""))
