"""Changes to a server, as values. Setting up and mending are lists of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.layout.model import ChannelKind, Overwrite


@dataclass(frozen=True, slots=True)
class CreateRole:
    """Make a role. ``key`` is its name in ``[discord]``, so that later changes can refer to it."""

    key: str
    name: str
    permissions: int


@dataclass(frozen=True, slots=True)
class EditRole:
    """Set what a role carries."""

    role_id: int
    permissions: int


@dataclass(frozen=True, slots=True)
class CreateChannel:
    """Make a channel. Overwrites name roles by id, or by the key of a role made before."""

    key: str
    name: str
    overwrites: Mapping[int | str, tuple[int, int]] = field(default_factory=dict)
    """Allow and deny by role (or ``"me"``, the bot itself)."""
    kind: ChannelKind = ChannelKind.TEXT


@dataclass(frozen=True, slots=True)
class SetOverwrite:
    """Set what a channel allows and denies one role or member."""

    channel_id: int
    overwrite: Overwrite


@dataclass(frozen=True, slots=True)
class RemoveOverwrite:
    """Take an overwrite out of a channel."""

    channel_id: int
    target_id: int


@dataclass(frozen=True, slots=True)
class RevokeInvite:
    """Delete an invite."""

    code: str


@dataclass(frozen=True, slots=True)
class QuietServer:
    """Switch off what shows who is here: the widget, join notices."""

    widget: bool = False
    """Switch the widget off."""
    join_notices: bool = False
    """Switch the notices about people who join off."""


Mend = EditRole | SetOverwrite | RemoveOverwrite | RevokeInvite | QuietServer
"""A change to what is there already."""

Change = CreateRole | EditRole | CreateChannel | SetOverwrite | RemoveOverwrite | RevokeInvite | QuietServer
