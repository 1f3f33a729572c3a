"""Who may do what: the decision table of ``access``, printed from the very function that decides."""

from itertools import groupby, product

from bot.access import Act, Filed, Hand, Role, Tie, why_not
from bot.papers.teller import Teller

_TIED = (Tie.LINKED, Tie.DECLARED, Tie.ASKED_ASIDE, Tie.DECIDED, Tie.REPORTER)
_ANY_DISCLOSURE = tuple(Filed)
_SITUATIONS: dict[str, tuple[tuple[Filed, ...], tuple[Tie, ...], tuple[bool, ...]]] = {
    "free": ((Filed.CURRENT,), (Tie.NONE,), (False,)),
    "proposed": ((Filed.CURRENT,), (Tie.NONE,), (True,)),
    "stale": ((Filed.STALE,), (Tie.NONE,), (False, True)),
    "none": ((Filed.NONE,), (Tie.NONE,), (False, True)),
    "tied": (_ANY_DISCLOSURE, _TIED, (False, True)),
    "own": (_ANY_DISCLOSURE, (Tie.OWN,), (False, True)),
    "about": (_ANY_DISCLOSURE, (Tie.ABOUT,), (False, True)),
}
"""Every disclosure, tie and proposal, gathered where a volunteer would see no difference."""


def tables(teller: Teller) -> str:
    """A heading and a table for each role; situations that never differ share a column."""
    return "\n\n".join(_table(teller, role) for role in (*_WORKING, Role.NOBODY, Role.OPERATOR))


_WORKING = (Role.MODERATOR, Role.OUTSIDE)


def _table(teller: Teller, role: Role) -> str:
    columns = {situation: _column(role, situation) for situation in _SITUATIONS}
    folded = [
        ([situation for situation, _ in same], codes)
        for codes, same in groupby(columns.items(), key=lambda item: item[1])
    ]
    if len(folded) == 1:
        heads = [teller.phrase("access_always")]
    else:
        heads = ["; ".join(teller.phrase(f"access_if_{one}") for one in names) for names, _ in folded]
    rows = [
        [
            teller.phrase(f"access_act_{act.value}"),
            *(teller.phrase(f"access_{codes[n]}") for _, codes in folded),
        ]
        for n, act in enumerate(Act)
    ]
    lines = [[teller.phrase("access_what"), *heads], ["---"] * (len(heads) + 1), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {teller.phrase(f'access_role_{role.value}')}\n\n{table}"


def _column(role: Role, situation: str) -> tuple[str, ...]:
    """What each act comes to in a situation. Raises ValueError where the situation holds two answers."""
    found = []
    for act in Act:
        codes = {why_not(act, Hand(role, *one)) for one in product(*_SITUATIONS[situation])}
        if len(codes) != 1:
            raise ValueError(situation)
        found.append(codes.pop() or "yes")
    return tuple(found)
