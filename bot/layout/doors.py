"""Ways past the gate: through @everyone, roles, single people, invites, onboarding and other bots."""

from collections.abc import Iterator

from bot.layout.changes import Mend, RevokeInvite
from bot.layout.findings import Finding, FindingCode
from bot.layout.mending import disallowed, without
from bot.layout.model import Bot, Channel, ChannelKind, Permission, Role
from bot.layout.sight import NOT_FOR_EVERYONE, OPENING, Sight, channel_names, ids_of, names_of

_VIEW = int(Permission.VIEW_CHANNEL)


def doors(sight: Sight) -> Iterator[Finding]:
    """Every way past the gate that does not lie with the places themselves."""
    yield from _everyone(sight)
    yield from _everyone_in_channels(sight)
    for role in sight.opening:
        yield from _role(sight, role)
    yield from _self_served_staff(sight)
    yield from _people(sight)
    yield from _invites(sight)
    yield from _onboarding(sight)
    yield from _bots(sight)


def _everyone(sight: Sight) -> Iterator[Finding]:
    everyone = sight.server.everyone
    if everyone.has(Permission.ADMINISTRATOR):
        mend = (without(everyone, Permission.ADMINISTRATOR),)
        yield Finding(FindingCode.EVERYONE_ADMIN, opens=True, mend=mend)
    if everyone.has(Permission.VIEW_CHANNEL):
        seen = [c for c in sight.closed if c.kind is not ChannelKind.CATEGORY and _is_seen(sight, c)]
        yield Finding(
            FindingCode.EVERYONE_VIEWS,
            opens=True,
            channels=channel_names(seen),
            mend=(without(everyone, _VIEW),),
        )
    powers = everyone.permissions & NOT_FOR_EVERYONE & ~Permission.ADMINISTRATOR
    if powers:
        yield Finding(
            FindingCode.EVERYONE_POWERS,
            opens=everyone.has(Permission.MANAGE_ROLES),
            powers=names_of(powers),
            mend=(without(everyone, powers),),
        )


def _is_seen(sight: Sight, channel: Channel) -> bool:
    overwrite = channel.overwrite_of(sight.server.id)
    return overwrite is None or not overwrite.deny & ~overwrite.allow & _VIEW


def _everyone_in_channels(sight: Sight) -> Iterator[Finding]:
    everyone = sight.server.id
    onboarding = sight.server.onboarding
    asked = onboarding.default_channel_ids if onboarding and onboarding.enabled else frozenset[int]()
    allowed = sight.channels_allowing.get(everyone, ())
    if categories := [c for c in allowed if c.kind is ChannelKind.CATEGORY]:
        yield _open(FindingCode.CATEGORY_OPEN, categories, everyone)
    channels = [c for c in allowed if c.kind is not ChannelKind.CATEGORY]
    if seen := [c for c in channels if c.id not in asked]:
        yield _open(FindingCode.EVERYONE_SEES, seen, everyone)
    if shown := [c for c in channels if c.id in asked]:
        # Closing these would leave onboarding without the channels that Discord insists on.
        yield Finding(
            FindingCode.ONBOARDING_SHOWS, opens=True, channels=channel_names(shown), about=ids_of(shown)
        )


def _open(code: FindingCode, channels: list[Channel], target_id: int) -> Finding:
    mend = tuple(disallowed(channel, target_id, _VIEW) for channel in channels)
    return Finding(code, opens=True, channels=channel_names(channels), about=ids_of(channels), mend=mend)


def _role(sight: Sight, role: Role) -> Iterator[Finding]:
    """An ordinary role that opens something: by whom it is handed out makes the difference."""
    powers = role.permissions & OPENING
    channels = sight.channels_allowing.get(role.id, ())
    about = (str(role.id), *ids_of(channels))
    served = _served(sight, role)
    if served is not None:
        mend: tuple[Mend, ...] = ()
        if not powers & ~_VIEW:
            mend = tuple(disallowed(channel, role.id, _VIEW) for channel in channels)
            mend = (without(role, _VIEW), *mend) if powers else mend
        yield Finding(
            served,
            opens=True,
            roles=(role.name,),
            channels=channel_names(channels),
            powers=names_of(powers),
            about=about,
            mend=mend,
        )
        return
    by_hand = (
        (FindingCode.ROLE_ADMIN, Permission.ADMINISTRATOR),
        (FindingCode.ROLE_VIEWS, _VIEW),
        (FindingCode.ROLE_MANAGES, Permission.MANAGE_ROLES),
    )
    for code, power in by_hand:
        if powers & power:
            yield Finding(code, opens=True, roles=(role.name,), about=(str(role.id),))
        if code is FindingCode.ROLE_ADMIN and powers & power:
            return
    if channels:
        yield Finding(
            FindingCode.ROLE_SEES,
            opens=True,
            roles=(role.name,),
            channels=channel_names(channels),
            about=about,
        )


def _served(sight: Sight, role: Role) -> FindingCode | None:
    """How people come by a role without anybody of the team; None where somebody hands it out."""
    if role.booster:
        return FindingCode.BOOSTER_OPENS
    if role.linked:
        return FindingCode.LINKED_OPENS
    if role.purchasable:
        return FindingCode.PURCHASE_OPENS
    if role.id in sight.in_prompts:
        return FindingCode.PROMPT_OPENS
    if role.integration or role.managed:
        return FindingCode.INTEGRATION_OPENS
    return None


def _self_served_staff(sight: Sight) -> Iterator[Finding]:
    """A role of staff that people can come by on their own. Onboarding has a finding of its own."""
    found = [
        role
        for role in sight.staff
        if role.bot_id is None and _served(sight, role) not in {None, FindingCode.PROMPT_OPENS}
    ]
    if found:
        names = tuple(role.name for role in found)
        yield Finding(FindingCode.STAFF_SELF_SERVED, opens=True, roles=names, about=ids_of(found))


def _people(sight: Sight) -> Iterator[Finding]:
    """People named in a channel who are neither members nor staff."""
    server = sight.server
    known = {server.own_id, server.owner_id, *(bot.user_id for bot in server.bots or ())}
    inside = sight.members | sight.trusted
    found = [
        (channel, overwrite.target_id)
        for channel in (*sight.closed, *sight.staff_rooms)
        for overwrite in channel.overwrites
        if not overwrite.is_role
        and overwrite.allow & _VIEW
        and overwrite.target_id not in known
        and inside.isdisjoint(server.people.get(overwrite.target_id, ()))
    ]
    if found:
        # Whoever could not be looked up may be a member after all.
        certain = all(person in server.people for _, person in found)
        channels = list(dict.fromkeys(channel for channel, _ in found))
        yield Finding(
            FindingCode.PERSON_SEES,
            opens=True,
            channels=channel_names(channels),
            count=len({person for _, person in found}),
            about=tuple(f"{channel.id}:{person}" for channel, person in found),
            mend=tuple(disallowed(channel, person, _VIEW) for channel, person in found) if certain else (),
        )


def _invites(sight: Sight) -> Iterator[Finding]:
    opening = sight.members | sight.trusted | {role.id for role in sight.opening}
    found = [invite for invite in sight.server.invites or () if opening & invite.role_ids]
    given = {role_id for invite in found for role_id in invite.role_ids & opening}
    if found:
        yield Finding(
            FindingCode.INVITE_GIVES,
            opens=True,
            roles=tuple(role.name for role in sight.server.roles if role.id in given),
            count=len(found),
            about=tuple(invite.code for invite in found),
            mend=tuple(RevokeInvite(invite.code) for invite in found),
        )


def _onboarding(sight: Sight) -> Iterator[Finding]:
    given = [r for r in sight.server.roles if r.id in sight.in_prompts & (sight.members | sight.trusted)]
    if given:
        names = tuple(role.name for role in given)
        yield Finding(FindingCode.ONBOARDING_GIVES, opens=True, roles=names, about=ids_of(given))


def _bots(sight: Sight) -> Iterator[Finding]:
    found = [bot for bot in sight.server.bots or () if _can_let_in(sight, bot)]
    if found:
        names = tuple(bot.name for bot in found)
        about = tuple(str(bot.user_id) for bot in found)
        yield Finding(FindingCode.BOT_GIVES, opens=True, bots=names, about=about)


def _can_let_in(sight: Sight, bot: Bot) -> bool:
    """Whether a bot can give the member role, by a role that no admin has called trusted."""
    held = [role for role in sight.server.roles if role.id in bot.role_ids]
    bits = 0
    for role in held:
        bits |= 0 if role.id in sight.trusted else role.permissions
    if bits & Permission.ADMINISTRATOR:
        return True
    top = max((role.position for role in held), default=0)
    above = sight.member is None or top > sight.member.position
    return bool(bits & Permission.MANAGE_ROLES) and above
