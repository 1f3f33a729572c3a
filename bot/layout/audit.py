"""The leak audit: every way past the gate, what shows who is here, and what the bot lacks. Pure."""

from collections.abc import Collection
from dataclasses import replace

from bot.layout.doors import doors
from bot.layout.findings import Finding
from bot.layout.mending import safe
from bot.layout.model import Places, Server
from bot.layout.rights import leaks, rights, unread
from bot.layout.rooms import rooms
from bot.layout.sight import Sight


def audit(server: Server, places: Places, *, removes_people: bool = False) -> tuple[Finding, ...]:
    """What is not as it should be, ways past the gate first. Sound layouts come out empty.

    A finding keeps its mend only if that is safe here. ``removes_people``: the bot is to remove whoever
    never answers, and needs the right to.
    """
    sight = Sight(server, places)
    found = [
        *doors(sight),
        *rooms(sight),
        *rights(sight, removes_people=removes_people),
        *leaks(sight),
        *unread(sight),
    ]
    checked = [f if not f.mend or safe(sight, f.mend) else replace(f, mend=()) for f in found]
    return tuple(sorted(checked, key=lambda finding: not finding.opens))


def next_to_mend(server: Server, places: Places, tried: Collection[str] = ()) -> Finding | None:
    """The first finding with a safe mend, without those whose fingerprints were tried.

    Mends of the same channel build on each other, so each is worked out when its turn comes.
    """
    return next((f for f in audit(server, places) if f.mend and f.fingerprint not in tried), None)
