"""``setup``: shows the plan for a server, and on confirmation carries it out."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.commands.terminal import ConfigOption, end, out, path_of, plain, say
from bot.commands.terminal import err as errors
from bot.config import Config, Secrets, load
from bot.config.writing import Unwritable, known_ids, write_ids
from bot.keys.recovery import save_recovery_copy
from bot.layout.model import ChannelKind, Server
from bot.layout.telling import noted, told
from bot.layout.wishes import (
    LOG_CHANNEL,
    MEMBER_ROLE,
    MODERATOR_ROLES,
    QUARANTINE_CHANNEL,
    REVIEW_CHANNEL,
    WELCOME_CHANNEL,
    GiveRoleToPresentMembers,
    Pick,
    Plan,
    Present,
    Step,
    Wishes,
)
from bot.opening import CannotStart, NotNow, master_key
from bot.ports import Later, Refused, Why
from bot.setting_up import Finished, Outlook, SettingUp, Stopped
from bot.vault import KeyProblem

_SHORTEST_ID = 15
_MINUTE = 60
_TELL_EVERY = 25

_AGAIN = "What is done stays done. Run it again, and it carries on."


def setup(
    *,
    config: ConfigOption = None,
    server: Annotated[
        str | None, typer.Option(help="The id of the server. Needed if the bot is in more than one.")
    ] = None,
    member_role: Annotated[str | None, typer.Option(help="The role for members: a name, or an id.")] = None,
    moderators: Annotated[
        list[str] | None, typer.Option(help="A role whose holders decide. Can be given more than once.")
    ] = None,
    quarantine: Annotated[str | None, typer.Option(help="The channel before the door.")] = None,
    review: Annotated[str | None, typer.Option(help="The moderators' channel.")] = None,
    log: Annotated[str | None, typer.Option(help="The channel for notices about the server.")] = None,
    welcome: Annotated[str | None, typer.Option(help="The first channel that a new member is shown.")] = None,
    present: Annotated[
        Present, typer.Option(help="In an open server: who of those present is a member.")
    ] = Present.UNSAID,
    tidy_roles: Annotated[
        bool, typer.Option("--tidy-roles", help="Take View Channels out of other roles, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, and carry out the plan.")] = False,
) -> None:
    """Show what would be made and changed in your server, and make it once you agree.

    Takes what exists, deletes nothing, and can be run again at any time. The ids go into the TOML, with
    its comments kept. The token comes from DISCORD_TOKEN, in the environment or in `.env`.
    """
    path = path_of(config)
    loaded = load(path, without={"discord"})
    if loaded.config is None:
        say(loaded, path, errors)
        raise typer.Exit(2)
    secrets = Secrets()
    ids = _known(path)
    try:
        given = {
            MEMBER_ROLE: member_role,
            QUARANTINE_CHANNEL: quarantine,
            REVIEW_CHANNEL: review,
            LOG_CHANNEL: log,
            WELCOME_CHANNEL: welcome,
        }
        wishes = replace(_wishes(ids, given, moderators or []), tidy_roles=tidy_roles, present=present)
        asks = not (yes or moderators or MODERATOR_ROLES in ids)
        session = _Session(path, wishes, asks_for_moderators=asks, agreed=yes)
        changed = asyncio.run(session.run(secrets, _server_id(server, ids)))
    except NotNow as problem:
        end(str(problem), 1)
    except CannotStart as problem:
        end(str(problem), 2)
    except Unwritable as problem:
        end(f"{problem} {_AGAIN}", 1)
    except KeyboardInterrupt:
        end(f"Stopped. {_AGAIN}", 1)
    except typer.Abort:
        end("The input ended, so nothing more was done. With --yes, nothing is asked.", 1)
    if changed or not loaded.config.storage.key_file.exists():
        _end_with_the_key(path, loaded.config, secrets)


def _known(path: Path) -> Mapping[str, tuple[int, ...]]:
    try:
        return known_ids(path)
    except Unwritable as problem:
        end(str(problem), 2)


def _server_id(given: str | None, ids: Mapping[str, tuple[int, ...]]) -> int | None:
    known = ids.get("server", (None,))[0]
    if given is None:
        return known
    if not (given.isascii() and given.isdigit() and len(given) >= _SHORTEST_ID):
        end(f"--server: {plain(given)[:40]} is not the id of a server. Discord's Copy ID gives it.", 2)
    if known is not None and int(given) != known:
        end("The configuration names another server. Use a configuration of its own for each server.", 2)
    return int(given)


def _wishes(
    ids: Mapping[str, tuple[int, ...]], given: Mapping[str, str | None], moderators: list[str]
) -> Wishes:
    """What the options say, else the configuration, else the usual names."""
    usual = Wishes()

    def pick(key: str, usually: Pick) -> Pick:
        named = given[key]
        return replace(usually, ids=ids.get(key, ())) if named is None else _named(named)

    team = tuple(_named(role) for role in moderators)
    kept = tuple(replace(usual.moderator_roles[0], ids=(role,)) for role in ids.get(MODERATOR_ROLES, ()))
    return Wishes(
        member_role=pick(MEMBER_ROLE, usual.member_role),
        moderator_roles=team or kept or usual.moderator_roles,
        quarantine_channel=pick(QUARANTINE_CHANNEL, usual.quarantine_channel),
        review_channel=pick(REVIEW_CHANNEL, usual.review_channel),
        log_channel=pick(LOG_CHANNEL, usual.log_channel),
        welcome_channel=pick(WELCOME_CHANNEL, usual.welcome_channel),
        staff_roles=frozenset(ids.get("staff_roles", ())),
        open_channels=frozenset(ids.get("open_channels", ())),
    )


def _named(text: str) -> Pick:
    """A role or channel as an admin names it: by id, or by name with or without its sign."""
    name = text.strip().removeprefix("#").removeprefix("@").strip()
    if name.isascii() and name.isdigit() and len(name) >= _SHORTEST_ID:
        return Pick(name, (int(name),), chosen=True)
    return Pick(name, chosen=True)


class _Session:
    """One run: looks, shows, asks, builds. It is its own audience."""

    def __init__(self, path: Path, wishes: Wishes, *, asks_for_moderators: bool, agreed: bool) -> None:
        self._path = path
        self._wishes = wishes
        self._asks = asks_for_moderators
        self._agreed = agreed
        self._after: Server
        self._to_give = 0
        self._changed = False

    async def run(self, secrets: Secrets, server_id: int | None) -> bool:
        """From the first look to the last step; whether anything was changed. Exits where it cannot go on."""
        from bot import app as application

        async with application.visiting(secrets, server_id) as visit:
            setting = SettingUp(visit.surveyor, visit.builder, self._remember, asyncio.sleep)
            server = await setting.survey()
            if isinstance(server, Stopped):
                _end_stopped(server)
            if self._asks:
                self._wishes = replace(self._wishes, moderator_roles=(_moderators(server, self._wishes),))
            outlook = await setting.look(server, self._wishes)
            if isinstance(outlook, Stopped):
                _end_stopped(outlook)
            self._show(outlook)
            self._after = outlook.plan.after or server
            self._to_give = outlook.to_give
            asks = outlook.plan.steps and not self._agreed
            if asks and not typer.confirm("Do this now?", default=False):
                out.print("Nothing was changed.")
                raise typer.Exit(0)
            self._changed = write_ids(
                self._path, {"server": (server.id,)}, members_intent=outlook.sees_members
            )
            result = await setting.carry_out(outlook, self)
            if isinstance(result, Stopped):
                _end_stopped(result, self._after)
        self._close(outlook, result)
        return self._changed or bool(outlook.plan.steps)

    def _remember(self, ids: Mapping[str, tuple[int, ...]]) -> None:
        self._changed = write_ids(self._path, ids) or self._changed

    def _show(self, outlook: Outlook) -> None:
        made = outlook.plan
        out.print(f"The server: {plain(outlook.server.name)}", markup=False)
        if made.obstacles:
            _list(
                "First mend this, then run it again. Nothing was changed.", [noted(n) for n in made.obstacles]
            )
            _list("To know:", [noted(note) for note in made.notes])
            raise typer.Exit(1)
        if made.steps:
            _list("The plan, in this order:", _numbered(made, outlook))
        else:
            out.print("Everything is as it should be. Nothing has to be made or changed.")
        _list("To know, or to do by hand:", [noted(note) for note in made.notes])

    def done(self, step: Step) -> None:
        """A step is done."""
        out.print(f"  ✓ {plain(told(step, self._after))}", markup=False)

    def given(self, count: int) -> None:
        """So many people have the member role by now."""
        if count % _TELL_EVERY == 0:
            out.print(f"    {count} of about {self._to_give}")

    def _close(self, outlook: Outlook, result: Finished) -> None:
        if not outlook.plan.steps:
            return
        if result.given:
            out.print(f"{result.given} people were given the member role.")
        seen = [f"#{c.name}" for c in self._after.channels if _is_seen(self._after, c.id)]
        out.print(f"Somebody who joins now sees: {plain(', '.join(seen))}.", markup=False)


def _is_seen(server: Server, channel_id: int) -> bool:
    channel = server.channels_by_id[channel_id]
    return channel.kind is not ChannelKind.CATEGORY and server.sees(channel)


def _numbered(made: Plan, outlook: Outlook) -> list[str]:
    lines = []
    for number, step in enumerate(made.steps, 1):
        line = f"{number}. {told(step, made.after or outlook.server)}"
        if isinstance(step.deed, GiveRoleToPresentMembers):
            minutes = max(1, round(outlook.seconds / _MINUTE))
            line += f" ({outlook.to_give} people, about {minutes} min)"
        lines.append(line)
    return lines


def _list(heading: str, lines: list[str]) -> None:
    if lines:
        out.print(f"\n{heading}")
        for line in lines:
            out.print(f"  {plain(line)}", markup=False)


def _moderators(server: Server, wishes: Wishes) -> Pick:
    """Ask which role decides. Enter takes or makes the usual one."""
    usual = wishes.moderator_roles[0]
    names = {role.name.casefold() for role in server.roles if role.id != server.id}
    while True:
        question = "Which role do your moderators have? Its name or id"
        picked = _named(typer.prompt(question, default=usual.name, type=str))
        if picked.name == usual.name:
            return usual
        if picked.ids or picked.name.casefold() in names:
            return picked
        out.print(f"There is no role {plain(picked.name)[:100]} in this server.", markup=False)


def _end_stopped(stopped: Stopped, server: Server | None = None) -> NoReturn:
    at = f"Stopped at: {plain(told(stopped.step, server))}\n" if stopped.step and server else ""
    end(f"{at}{_because(stopped.because)} {_AGAIN}", 1)


def _because(problem: Refused | Later) -> str:
    if isinstance(problem, Later):
        return f"Discord did not do it ({problem.code})."
    if problem.why in {Why.GONE, Why.MISSING_ROOM, Why.MISSING_ROLE}:
        return "It is not there: the bot is not in this server, or something was deleted meanwhile."
    return (
        "Discord refuses it: the bot lacks a right, or its role stands too low. If your server demands "
        "two-factor login of moderators, the account that owns the bot needs it too."
    )


def _end_with_the_key(path: Path, config: Config, secrets: Secrets) -> None:
    """Which files matter, which to copy where; and a copy of the key to carry away."""
    try:
        copy, is_new = save_recovery_copy(path.parent, master_key(config, secrets))
    except KeyProblem as problem:
        end(str(problem), 1)
    except OSError as problem:
        end(f"The recovery copy of the key could not be written ({type(problem).__name__}).", 1)
    storage = config.storage
    out.print(
        "\nWhat matters, and where a copy belongs:\n"
        f"  {path}: the configuration, with the ids of your server. Copy it with the data\n"
        f"  {storage.database}: cases, answers, the log. Copy it to another machine\n"
        f"  {storage.keys}: each person's key. Copy it apart from the database, and keep no old copies\n"
        f"  {storage.ledger}: who was erased, in random numbers. Copy it often, away from this machine\n"
        f"  {storage.key_file}: the master key. Never in the same place as a copy of the data\n"
        "  .env: the token. Copy it nowhere; Discord makes you a new one\n",
        markup=False,
    )
    if is_new:
        out.print(
            f"A recovery copy of the master key is in {copy}. Move it off this machine now, into a password "
            "manager for example: without the key, nothing can be read again.",
            markup=False,
        )
    else:
        out.print(f"The recovery copy in {copy} is still on this machine. Move it away.", markup=False)
    named = "" if str(path) == "config.toml" else f" --config {path}"
    out.print(f"Then start the bot: .venv/bin/python -m bot run{named}", markup=False)
