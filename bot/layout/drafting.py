"""A plan in the making: the server as it becomes while steps are added."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from bot.layout.applying import applied, extended
from bot.layout.changes import CreateChannel, CreateRole, EditRole, SetOverwrite
from bot.layout.model import Channel, ChannelKind, Overwrite, Permission, Role, Server
from bot.layout.wishes import (
    GiveRoleToPresentMembers,
    Note,
    NoteKind,
    Pick,
    Plan,
    Reason,
    Step,
)

Thing = TypeVar("Thing", Role, Channel)


class Draft:
    """Collects steps, and knows at each moment what the server would be after them."""

    def __init__(self, server: Server) -> None:
        """Start from the server as it stands."""
        self.before = server
        self.now = server
        self._steps: list[Step] = []
        self._notes: list[Note] = []
        self._obstacles: list[Note] = []
        self._found: dict[str, tuple[int, ...]] = {}

    def do(
        self,
        deed: CreateRole | EditRole | CreateChannel | SetOverwrite | GiveRoleToPresentMembers,
        why: Reason,
    ) -> int:
        """Add a step; returns the stand-in for the id of what it makes."""
        makes = 0
        if isinstance(deed, CreateRole | CreateChannel):
            makes = -1 - sum(1 for step in self._steps if step.makes)
            self.now = extended(self.now, deed, makes)
        elif not isinstance(deed, GiveRoleToPresentMembers):
            self.now = applied(self.now, deed)
        self._steps.append(Step(deed, why, makes))
        return makes

    def note(self, kind: NoteKind, names: Iterable[str] = (), bits: int = 0) -> None:
        """Add a note."""
        self._once(self._notes, Note(kind, tuple(names), bits))

    def stop(self, kind: NoteKind, names: Iterable[str] = (), bits: int = 0) -> None:
        """Add something that has to be mended first."""
        self._once(self._obstacles, Note(kind, tuple(names), bits))

    @staticmethod
    def _once(notes: list[Note], note: Note) -> None:
        if note not in notes:
            notes.append(note)

    def take(self, key: str, *ids: int) -> None:
        """Take what exists."""
        self._found[key] = ids

    def taken(self, *keys: str) -> frozenset[int]:
        """What exists and was taken under these names."""
        return frozenset(i for key in keys for i in self._found.get(key, ()))

    @property
    def gives_role(self) -> bool:
        """Whether everybody who is present is given the member role."""
        return any(isinstance(step.deed, GiveRoleToPresentMembers) for step in self._steps)

    def planned(self) -> Plan:
        """The plan so far, once it is clear that the bot has the rights to carry it out."""
        self._insist_on_rights()
        steps, notes, stops = tuple(self._steps), tuple(self._notes), tuple(self._obstacles)
        return Plan(steps, notes, stops, dict(self._found), self.now)

    def find_role(self, pick: Pick) -> tuple[Role | None, bool]:
        """The role that is meant, and whether an admin named it."""
        roles = [role for role in self.before.roles if role.id != self.before.id]
        return self._find(pick, roles)

    def find_channel(self, pick: Pick) -> tuple[Channel | None, bool]:
        """The channel that is meant, and whether an admin named it."""
        channels = [c for c in self.before.channels if c.kind is not ChannelKind.CATEGORY]
        return self._find(pick, channels)

    def _find(self, pick: Pick, things: Sequence[Thing]) -> tuple[Thing | None, bool]:
        known = {thing.id: thing for thing in things}
        for thing_id in pick.ids:
            if thing_id in known:
                return known[thing_id], True
        if pick.ids and pick.chosen:
            self.stop(NoteKind.UNKNOWN, [str(thing_id) for thing_id in pick.ids])
            return None, True
        if pick.ids:
            self.note(NoteKind.LOST_IDS, [pick.name])
        named = [thing for thing in things if thing.name.casefold() == pick.name.casefold()]
        if len(named) > 1:
            self.stop(NoteKind.AMBIGUOUS, [pick.name])
        return (named[0] if named else None), pick.chosen

    def _insist_on_rights(self) -> None:
        """A bot can give and set only what it has itself, and edit only what it can see."""
        own = self.before.base(self.before.own_role_ids)
        needed = Permission.MANAGE_ROLES | Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY
        bits = int(needed)
        for step in self._steps:
            bits |= self._bits_of(step)
        if bits & ~own:
            self.stop(NoteKind.BOT_LACKS, bits=bits & ~own)
        sight = 0
        for role in self.before.roles:
            if role.id in self.before.own_role_ids and role.id != self.before.id:
                sight |= role.permissions
        if not sight & (Permission.VIEW_CHANNEL | Permission.ADMINISTRATOR):
            self.stop(NoteKind.BOT_LACKS_OWN_SIGHT, bits=Permission.VIEW_CHANNEL)

    def _bits_of(self, step: Step) -> int:
        match step.deed:
            case CreateRole(permissions=permissions):
                return permissions
            case EditRole(role_id=role_id, permissions=permissions):
                return permissions ^ self.before.roles_by_id[role_id].permissions
            case CreateChannel(overwrites=overwrites):
                bits = int(Permission.MANAGE_CHANNELS)
                for allow, deny in overwrites.values():
                    bits |= allow | deny
                return bits
            case SetOverwrite(channel_id=channel_id, overwrite=new):
                old = self.before.channels_by_id[channel_id].overwrite_of(new.target_id)
                old = old or Overwrite(new.target_id, new.is_role)
                return (new.allow ^ old.allow) | (new.deny ^ old.deny)
            case _:
                return 0
