"""Carrying out the plan of a layout, step by step, so that it can be stopped and taken up anywhere.

What was made is remembered at once. A second run takes what it finds, and gives the member role only
to those who do not have it yet. @everyone is closed only after a whole pass over the members in which
nobody was left to give the role to.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from bot.layout.changes import Change, CreateChannel, CreateRole, EditRole, SetOverwrite
from bot.layout.model import Server
from bot.layout.plan import plan
from bot.layout.wishes import GiveRoleToPresentMembers, Note, NoteKind, Plan, Step, Wishes
from bot.ports import Builder, Done, Later, Member, Refused, Result, Surveyor, Why

_TRIES = 6
_PASSES = 10
_GRANT_EVERY = 1.0
"""Discord takes about ten roles in ten seconds per server."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outlook:
    """The server, the plan for it, and whom it concerns."""

    server: Server
    plan: Plan
    sees_members: bool
    """Whether Discord lets the bot list members: the members intent."""
    to_give: int = 0
    """How many people are to be given the member role."""

    @property
    def seconds(self) -> float:
        """How long giving the role takes, about."""
        return self.to_give * _GRANT_EVERY


@dataclass(frozen=True, slots=True)
class Stopped:
    """It could not go on. Running it again carries on from here."""

    because: Refused | Later
    step: Step | None = None
    """The step that was not done; None where not even looking worked."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole plan is carried out."""

    given: int = 0
    """How many people were given the member role."""


class Viewer(Surveyor, Protocol):
    """Looks at the server, and at who is in it."""

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """Up to a thousand members whose ids come after ``after``, in order; none: that was all."""


class Audience(Protocol):
    """Is told how it goes."""

    def done(self, step: Step) -> None:
        """A step is done."""

    def given(self, count: int) -> None:
        """So many people have been given the member role by now."""


Remember = Callable[[Mapping[str, tuple[int, ...]]], None]
"""Writes down ids by their names in ``[discord]``, before anything else is done."""


class SettingUp:
    """Looks, plans and builds."""

    def __init__(
        self,
        viewer: Viewer,
        builder: Builder,
        remember: Remember,
        wait: Callable[[float], Awaitable[None]],
    ) -> None:
        """Take the two ports, where to write ids down, and how to wait for some seconds."""
        self._viewer = viewer
        self._builder = builder
        self._remember = remember
        self._wait = wait

    async def survey(self) -> Server | Stopped:
        """The server as it stands."""
        server = await self._patiently(self._viewer.survey)
        return Stopped(server) if isinstance(server, Refused | Later) else server

    async def look(self, server: Server, wishes: Wishes) -> Outlook | Stopped:
        """What would have to be done. Changes nothing."""
        made = plan(server, wishes)
        lacking, refused = 0, False
        if made.gives_role:
            role = next(s.deed.role_id for s in made.steps if isinstance(s.deed, GiveRoleToPresentMembers))
            counted = await self._each_lacking(role, None)
        else:
            page = await self._patiently(lambda: self._viewer.members(0))
            counted = page if isinstance(page, Refused | Later) else 0
        if isinstance(counted, Later):
            return Stopped(counted)
        if isinstance(counted, Refused):
            refused = True
            if made.gives_role:
                made = replace(made, obstacles=(*made.obstacles, Note(NoteKind.MEMBERS_HIDDEN)))
        else:
            lacking = counted
        return Outlook(server, made, sees_members=not refused, to_give=lacking)

    async def carry_out(self, outlook: Outlook, audience: Audience) -> Finished | Stopped:
        """Do every step in its order. Raises ValueError while something has to be mended first."""
        if outlook.plan.obstacles:
            raise ValueError("obstacles")
        if outlook.plan.found:
            self._remember(outlook.plan.found)
        known = {role.id for role in outlook.server.roles} | {c.id for c in outlook.server.channels}
        ids: dict[int, int] = {}
        given = 0
        for step in outlook.plan.steps:
            if isinstance(step.deed, GiveRoleToPresentMembers):
                role = ids.get(step.deed.role_id, step.deed.role_id)
                count = await self._give_to_all(role, audience)
                if isinstance(count, Refused | Later):
                    return Stopped(count, step)
                given = count
            else:
                change = with_ids(step.deed, ids)
                result = await self._make(change, known | set(ids.values()))
                if not isinstance(result, Done):
                    return Stopped(result, step)
                if isinstance(change, CreateRole | CreateChannel):
                    ids[step.makes] = result.made_id
                    self._remember({change.key: (result.made_id,)})
            audience.done(step)
        return Finished(given)

    async def _make(self, change: Change, known: set[int]) -> Result:
        """Make a change. What may have been created all the same is looked for before it is tried again."""
        result: Result = Later("untried")
        for attempt in range(_TRIES):
            result = await self._builder.apply(change)
            if isinstance(change, CreateRole | CreateChannel) and not isinstance(result, Refused):
                result = await self._what_came_of(change, result, known)
            if not isinstance(result, Later):
                return result
            await self._pause(result, attempt)
        return result

    async def _what_came_of(
        self, change: CreateRole | CreateChannel, result: Done | Later, known: set[int]
    ) -> Result:
        if isinstance(result, Done) and result.made_id:
            return result
        server = await self._viewer.survey()
        if isinstance(server, Server):
            things = server.roles if isinstance(change, CreateRole) else server.channels
            for thing in things:
                if thing.name == change.name and thing.id not in known:
                    return Done(made_id=thing.id)
        return result if isinstance(result, Later) else Later("without_id")

    async def _give_to_all(self, role: int, audience: Audience) -> int | Refused | Later:
        """Give the role to everybody present, until a whole pass finds nobody without it."""
        given = 0
        for _ in range(_PASSES):

            def told(count: int, before: int = given) -> None:
                audience.given(before + count)

            count = await self._each_lacking(role, told)
            if not isinstance(count, int):
                return count
            if not count:
                return given
            given += count
        return Later("members_keep_coming")

    async def _each_lacking(self, role: int, told: Callable[[int], None] | None) -> int | Refused | Later:
        """How many people lack a role; each of them is given it, if somebody is told."""
        count, after = 0, 0
        while True:
            page = await self._patiently(partial(self._viewer.members, after))
            if isinstance(page, Refused | Later):
                return page
            if not page:
                return count
            for somebody in page:
                after = max(after, somebody.user_id)
                if somebody.bot or role in somebody.role_ids:
                    continue
                if told is not None:
                    result = await self._grant(somebody.user_id, role)
                    if result == Refused(Why.GONE):
                        continue
                    if not isinstance(result, Done):
                        return result
                    told(count + 1)
                    await self._wait(_GRANT_EVERY)
                count += 1

    async def _grant(self, user_id: int, role: int) -> Result:
        return await self._patiently(lambda: self._builder.give_role(user_id, role))

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Ask again while Discord says later, for some time."""
        for attempt in range(_TRIES - 1):
            result = await call()
            if not isinstance(result, Later):
                return result
            await self._pause(result, attempt)
        return await call()

    async def _pause(self, later: Later, attempt: int) -> None:
        await self._wait(later.after.total_seconds() if later.after else float(2**attempt))


def with_ids(change: Change, ids: Mapping[int, int]) -> Change:
    """A change with what was made in the place of what stands for it."""
    match change:
        case CreateChannel(overwrites=overwrites):
            real = {
                target if isinstance(target, str) else ids.get(target, target): bits
                for target, bits in overwrites.items()
            }
            return replace(change, overwrites=real)
        case SetOverwrite(overwrite=overwrite):
            target = ids.get(overwrite.target_id, overwrite.target_id)
            return replace(change, overwrite=replace(overwrite, target_id=target))
        case EditRole(role_id=role_id):
            return replace(change, role_id=ids.get(role_id, role_id))
        case _:
            return change
