"""A server that does what it is told, unless it is told to fail."""

from collections.abc import Mapping
from datetime import timedelta

from bot.layout.applying import applied, extended
from bot.layout.changes import Change, CreateChannel, CreateRole
from bot.layout.model import Server
from bot.layout.wishes import Step
from bot.ports import Done, Later, Member, Refused, Result, Why
from tests.layout.servers import Members, P, seen_by

PAGE = 2


class Crash(Exception):
    """The process ends here."""


class FakeServer:
    """Both ports of setting up, over one server in memory that also watches for what must not happen."""

    def __init__(self, server: Server, members: Members, bots: frozenset[int] = frozenset()) -> None:
        self.server = server
        self.people = dict(members)
        self.bots = bots
        self.calls: list[str] = []
        self.fail_at: dict[int, Result | Exception] = {}
        """What a call comes to, by its number, instead of being done."""
        self.lose_answer_at: set[int] = set()
        """Calls that are done and yet answered with an error."""
        self.lists_members = True
        self._sights = {who: self._seen(who) for who in self.people}

    def _seen(self, who: int) -> set[int]:
        return seen_by(self.server, who, self.people[who])

    async def survey(self) -> Server | Refused | Later:
        return self.server

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        if not self.lists_members:
            return Refused(Why.FORBIDDEN)
        everybody = sorted({**self.people, **dict.fromkeys(self.bots, frozenset())}.items())
        later = [(who, roles) for who, roles in everybody if who > after]
        return tuple(Member(who, roles, bot=who in self.bots) for who, roles in later[:PAGE])

    async def give_role(self, user_id: int, role_id: int) -> Result:
        failed = self._call(f"grant {user_id}")
        if failed is not None:
            return failed
        if user_id not in self.people:
            return Refused(Why.GONE)
        assert user_id not in self.bots
        self.people[user_id] |= {role_id}
        return self._done(Done())

    async def apply(self, change: Change) -> Result:
        failed = self._call(type(change).__name__)
        if failed is not None:
            return failed
        ids = [r.id for r in self.server.roles] + [c.id for c in self.server.channels]
        new = max(ids) + 1
        if isinstance(change, CreateChannel):
            known = self.server.roles_by_id
            assert all(target == "me" or target in known for target in change.overwrites), change
            assert self.server.i_can(P.MANAGE_CHANNELS)
        if isinstance(change, CreateRole | CreateChannel):
            self.server = extended(self.server, change, new)
            return self._done(Done(made_id=new))
        self.server = applied(self.server, change)
        return self._done(Done())

    def _call(self, what: str) -> Result | None:
        self.calls.append(what)
        result = self.fail_at.pop(len(self.calls), None)
        if isinstance(result, Exception):
            raise result
        return result

    def _done(self, done: Done) -> Result:
        if len(self.calls) in self.lose_answer_at:
            return Later("http_500", timedelta(seconds=3))
        return done

    def losses(self) -> set[int]:
        """Who sees less than at the beginning, of what was there then."""
        return {
            who for who, seen in self._sights.items() if who in self.people and not seen <= self._seen(who)
        }


class Notebook:
    """Remembers ids, and is told how it goes."""

    def __init__(self) -> None:
        self.ids: dict[str, tuple[int, ...]] = {}
        self.steps: list[Step] = []
        self.counts: list[int] = []
        self.waited = 0.0

    def remember(self, ids: Mapping[str, tuple[int, ...]]) -> None:
        self.ids.update(ids)

    async def wait(self, seconds: float) -> None:
        self.waited += seconds

    def done(self, step: Step) -> None:
        self.steps.append(step)

    def given(self, count: int) -> None:
        self.counts.append(count)
