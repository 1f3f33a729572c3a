"""The small tables: ids that must differ, paths, reasons, help lines."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.scene import Scene
from bot.config.tables import Discord, Line
from bot.copies.file_checks import lie_together

STALE_AFTER = timedelta(days=180)


def check_tables(scene: Scene) -> Iterator[Problem]:
    """What is wrong outside the questionnaire, the rules and the texts."""
    yield from _discord(scene)
    yield from _storage(scene)
    yield from _timers(scene)
    yield from _notice(scene)
    yield from _health(scene)
    yield from _review(scene)
    yield from _appeals(scene)
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
        yield Problem(("discord",), told, "run `setup`, or add the ids of your server yourself", "warning")
        return
    yield from _same_channels(discord)
    if discord.member_role == discord.server:
        told = "is the id of the server, which is the role of everybody"
        yield Problem(("discord", "member_role"), told, "make a role for members and write its id")
    yield from _roles_of_few(discord, "moderator_roles", discord.moderator_roles, "every member could decide")
    yield from _roles_of_few(discord, "staff_roles", discord.staff_roles, "every member would be staff")


def _roles_of_few(discord: Discord, key: str, roles: Iterable[int], otherwise: str) -> Iterator[Problem]:
    for position, role in enumerate(roles):
        path: KeyPath = ("discord", key, position)
        if role == discord.server:
            yield Problem(path, "is the id of the server, which is the role of everybody", _OWN_ROLE)
        elif role == discord.member_role:
            yield Problem(path, f"is the member role: {otherwise}", _OWN_ROLE)


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
    for number, channel in enumerate(discord.open_channels):
        if channel in {discord.review_channel, discord.log_channel, discord.welcome_channel}:
            told = "is a channel that not everyone may see"
            yield Problem(("discord", "open_channels", number), told, "take it out of open_channels")
    if discord.log_channel == discord.quarantine_channel:
        told = "is the quarantine channel: everybody would see what moderators see"
        yield Problem(("discord", "log_channel"), told, "write the id of a channel that only moderators see")


def _timers(scene: Scene) -> Iterator[Problem]:
    timers = scene.config.timers
    earlier = timedelta()
    for number, after in enumerate(timers.reminders):
        path: KeyPath = ("timers", "reminders", number)
        if after >= timers.lapse_after:
            yield Problem(path, "comes when the request has closed already", "write less than lapse_after")
        elif after - earlier < timedelta(days=1):
            told = "comes less than a day after the step before it: nobody gets two messages in a day"
            yield Problem(path, told, "leave a day between them, the shortest first")
        elif timers.lapse_after - after < timedelta(days=1):
            told = "comes less than a day before the request closes: nobody gets two messages in a day"
            yield Problem(path, told, "leave a day between it and lapse_after")
        earlier = after
    if timers.after_lapse == "remove" and not timers.way_back:
        told = "removes people without telling them how to come back"
        yield Problem(("timers", "after_lapse"), told, "write way_back, an invite or a page, beside it")
    if timers.after_lapse == "remove" and timers.remove_after >= scene.config.retention.unfinished:
        told = "comes when the bot has deleted whom to remove"
        yield Problem(("timers", "remove_after"), told, "write less than unfinished in [retention]")


def _notice(scene: Scene) -> Iterator[Problem]:
    missing = scene.config.notice.missing
    if missing:
        told = "says too little for the papers, such as the privacy notice, which then show a blank"
        yield Problem(("notice",), told, f"write {', '.join(missing)}", "warning")


def _health(scene: Scene) -> Iterator[Problem]:
    address = scene.config.health.address
    if scene.config.health.port is not None and address not in _LOOPBACK:
        told = "can be reached from other machines; anybody there can read the numbers"
        yield Problem(("health", "address"), told, 'write "127.0.0.1", or see to a firewall', "warning")


_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _storage(scene: Scene) -> Iterator[Problem]:
    storage = scene.config.storage
    if storage.keys == storage.database:
        told = "is the same file as database: a copy of one would be a copy of both"
        yield Problem(("storage", "keys"), told, 'write another file, such as "keys/keys.db"')
    if storage.key_file in {storage.database, storage.keys}:
        told = "is the same file as the data that it protects"
        yield Problem(("storage", "key_file"), told, 'write another file, such as "secret/master.key"')
    files = (storage.database, storage.keys, storage.key_file, storage.ledger)
    if len(set(files)) == len(files):
        for name, other in lie_together(*map(str, files)):
            told = f"lies with {other}: a copy of the folder is a copy of both"
            yield Problem(
                ("storage", name), told, f'write a folder of its own, such as "{_APART[name]}"', "warning"
            )


_APART = {"keys": "keys/keys.db", "key_file": "secret/master.key", "ledger": "ledger/erasures.jsonl"}


def _review(scene: Scene) -> Iterator[Problem]:
    review = scene.config.review
    ids = ((r.id, ("review", "reasons", n, "id")) for n, r in enumerate(review.reasons))
    yield from twice(ids, "id")
    for outcome in ("decline", "redirect"):
        if not review.own_reasons_for(outcome):
            told = f'has no reason with the outcome "{outcome}", so nobody could choose it'
            yield Problem(("review", "reasons"), told, f'add one with outcomes = ["{outcome}"]')
    for outcome in ("conditions", "reopen", "suspend", "remove", "appeal"):
        if not review.own_reasons_for(outcome):
            told = f'has no reason with the outcome "{outcome}", so the ready-made ones are offered for it'
            mend = f'add one with outcomes = ["{outcome}"] to say it in your own words'
            yield Problem(("review", "reasons"), told, mend, "warning")


def _appeals(scene: Scene) -> Iterator[Problem]:
    """Once a refused request is deleted, nothing is left to look at again."""
    window, refused = scene.config.appeals.window, scene.config.retention.refused
    if window > refused:
        told = f"is longer than refused in [retention], so people get only {refused.days} days to appeal"
        yield Problem(("appeals", "window"), told, "write as much as refused, or less", "warning")


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
