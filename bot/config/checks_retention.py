"""How long things are kept: never too long, and no longer than usual without a reason."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from bot.config.findings import Problem
from bot.config.scene import Scene

DAY = timedelta(days=1)

LONGEST = timedelta(days=3 * 366)
LONGEST_ANSWERS = timedelta(days=366)
"""Of what people told us."""

ANSWERS = frozenset({"unfinished", "refused", "former_members", "free_text"})

USUAL: Mapping[str, timedelta] = {
    "unfinished": 30 * DAY,
    "refused": 184 * DAY,
    "former_members": 184 * DAY,
    "superseded": 366 * DAY,
    "access": 366 * DAY,
    "log": 731 * DAY,
    "joins": 30 * DAY,
    "backups": 30 * DAY,
    "key_backups": 7 * DAY,
}
"""What is long enough in most communities; a month, or a year, of any length counts as one."""

USUAL_FREE_TEXT = 30 * DAY
USUAL_KEY_BACKUPS = 30 * DAY


def check_retention(scene: Scene) -> Iterator[Problem]:
    """What is kept for too long, or for longer than it is of use. The gravest of each key comes first."""
    keep = scene.config.retention
    for key in (*USUAL, "free_text"):
        limit, answers = getattr(keep, key), key in ANSWERS
        if limit > (LONGEST_ANSWERS if answers else LONGEST):
            use = "what people told you is of no use" if answers else "it is of no use"
            mend = 'write "12mo" or less' if answers else 'write "3y" or less'
            yield Problem(("retention", key), f"is {limit.days} days: {use} for so long", mend)
    yield from _free_text(scene)
    yield from _copies_of_keys(scene)
    yield from _second_looks(scene)
    if keep.unfinished > keep.refused:
        told = "is longer than refused: who did not finish would be kept for longer than who was declined"
        yield Problem(("retention", "unfinished"), told, "write as much as refused, or less", "warning")
    for key, usual in USUAL.items():
        if getattr(keep, key) > usual and not keep.reason:
            told = f"is longer than the {usual.days} days that do in most communities"
            yield Problem(("retention", key), told, _REASON, "warning")


_REASON = "write less, or say why in reason, beside it: people can read that in the privacy notice"


def _second_looks(scene: Scene) -> Iterator[Problem]:
    """What was decided has to be there for as long as it can be taken back."""
    if scene.config.review.take_back_within > scene.config.retention.refused:
        told = "is longer than refused in [retention]: by then what was decided is deleted"
        mend = "write as much as refused, or less; or keep refused for longer"
        yield Problem(("review", "take_back_within"), told, mend, "warning")


def _free_text(scene: Scene) -> Iterator[Problem]:
    if scene.config.retention.free_text > USUAL_FREE_TEXT:
        told = "keeps what members typed for more than 30 days, when it has been read and decided on"
        yield Problem(("retention", "free_text"), told, 'write "30d" or less', "warning")


def _copies_of_keys(scene: Scene) -> Iterator[Problem]:
    keep = scene.config.retention
    path = ("retention", "key_backups")
    if keep.key_backups > keep.backups:
        told = "is longer than backups: while copies of keys are left, nothing is really deleted"
        yield Problem(path, told, 'write less than backups, such as "7d"', "warning")
    elif keep.key_backups > USUAL_KEY_BACKUPS:
        told = "is longer than 30 days: until then, what was deleted can be read in a copy"
        yield Problem(path, told, 'write days, such as "7d"', "warning")
