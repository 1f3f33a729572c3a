"""The small tables: ids that must differ, paths, reasons, help lines."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.scene import Scene
from bot.config.tables import Discord, Line

STALE_AFTER = timedelta(days=180)


def check_tables(scene: Scene) -> Iterator[Problem]:
    """What is wrong outside the questionnaire, the rules and the texts."""
    yield from _discord(scene)
    yield from _storage(scene)
    yield from _review(scene)
    yield from _help(scene)


def twice(ids: Iterable[tuple[str, KeyPath]], what: str) -> Iterator[Problem]:
    """Ids that were given before."""
    seen: Counter[str] = Counter()
    for name, path in ids:
        seen[name] += 1
        if seen[name] > 1:
            yield Problem(path, f'"{name}" is the {what} of another one too', f"give each its own {what}")


def _discord(scene: Scene) -> Iterator[Problem]:
    discord = scene.config.discord
    if discord is None:
        told = "is missing: the file can be checked and rehearsed, and `run` cannot start"
        yield Problem(("discord",), told, "add the ids of your server, as in config.example.toml", "warning")
        return
    yield from _same_channels(discord)
    roles = list(enumerate(discord.moderator_roles))
    if discord.member_role == discord.server:
        told = "is the id of the server, which is the role of everybody"
        yield Problem(("discord", "member_role"), told, "make a role for members and write its id")
    for position, role in roles:
        path: KeyPath = ("discord", "moderator_roles", position)
        if role == discord.server:
            yield Problem(path, "is the id of the server, which is the role of everybody", _OWN_ROLE)
        elif role == discord.member_role:
            yield Problem(path, "is the member role: every member could decide", _OWN_ROLE)


_OWN_ROLE = "write the id of a role that only moderators have"


def _same_channels(discord: Discord) -> Iterator[Problem]:
    if discord.review_channel == discord.quarantine_channel:
        told = "is the quarantine channel: everybody would see what moderators see"
        yield Problem(
            ("discord", "review_channel"), told, "write the id of a channel that only moderators see"
        )
    if discord.welcome_channel == discord.quarantine_channel:
        told = "is the quarantine channel, which members cannot see"
        yield Problem(("discord", "welcome_channel"), told, "write the id of a channel that members see")
    if discord.welcome_channel == discord.review_channel:
        told = "is the review channel, which members must not see"
        yield Problem(("discord", "welcome_channel"), told, "write the id of a channel that members see")


def _storage(scene: Scene) -> Iterator[Problem]:
    storage = scene.config.storage
    if storage.keys == storage.database:
        told = "is the same file as database: a copy of one would be a copy of both"
        yield Problem(("storage", "keys"), told, 'write another file, such as "data/keys.db"')
    if storage.key_file in {storage.database, storage.keys}:
        told = "is the same file as the data that it protects"
        yield Problem(("storage", "key_file"), told, 'write another file, such as "data/master.key"')


def _review(scene: Scene) -> Iterator[Problem]:
    review = scene.config.review
    ids = ((r.id, ("review", "reasons", n, "id")) for n, r in enumerate(review.reasons))
    yield from twice(ids, "id")
    for outcome in ("decline", "redirect"):
        if not review.reasons_for(outcome):
            told = f'has no reason with the outcome "{outcome}", so nobody could choose it'
            yield Problem(("review", "reasons"), told, f'add one with outcomes = ["{outcome}"]')


def _help(scene: Scene) -> Iterator[Problem]:
    for number, country in enumerate(scene.config.help.countries):
        for position, line in enumerate(country.lines):
            yield from _help_line(line, ("help", "countries", number, "lines", position), scene)


def _help_line(line: Line, path: KeyPath, scene: Scene) -> Iterator[Problem]:
    mend = f"make sure that it answers, then write checked = {scene.today.isoformat()}"
    if line.checked is None:
        yield Problem(path, "has no date on which somebody checked this help line", mend, "warning")
    elif line.checked > scene.today:
        yield Problem((*path, "checked"), "lies in the future", mend, "warning")
    elif scene.today - line.checked > STALE_AFTER:
        days = (scene.today - line.checked).days
        yield Problem((*path, "checked"), f"this help line was last checked {days} days ago", mend, "warning")
