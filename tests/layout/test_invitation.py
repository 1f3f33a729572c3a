"""What the bot is invited with: as much as it needs, and the same number in the README."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.layout.audit import audit
from bot.layout.invitation import INVITED_WITH
from bot.layout.model import Channel, Onboarding, Places
from bot.layout.plan import plan
from bot.layout.wishes import Wishes
from tests.layout.servers import P, a_server, carried_out

ROOT = Path(__file__).parents[2]
EVERYONE = [0, int(P.VIEW_CHANNEL), int(P.VIEW_CHANNEL | P.SEND_MESSAGES)]


def test_the_address_in_the_readme_says_the_same() -> None:
    """There is one such number, and it is this one."""
    told = re.findall(r"permissions=(\d+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert told == [str(INVITED_WITH)]


def test_it_is_not_an_administrator() -> None:
    """Nor can it ban, read messages elsewhere, or manage what people write."""
    too_much = P.ADMINISTRATOR | P.BAN_MEMBERS | P.MANAGE_MESSAGES | P.MANAGE_WEBHOOKS
    assert not INVITED_WITH & too_much


@pytest.mark.parametrize("everyone", EVERYONE)
def test_it_is_enough_to_set_up_and_to_run(everyone: int) -> None:
    """On a server that gives everyone nothing at all, as on one that shows everything."""
    server = a_server(Channel(3001, "general"), everyone=everyone, own=INVITED_WITH)
    made = plan(server, Wishes())
    assert made.obstacles == ()
    end = carried_out(server, {}, made)[-1][1]
    by_name = {role.name: role.id for role in end.roles} | {c.name: c.id for c in end.channels}
    places = Places(
        member_role=by_name["Member"],
        quarantine_channel=by_name["front-porch"],
        review_channel=by_name["porch-review"],
        welcome_channel=by_name["general"],
        moderator_roles=frozenset({by_name["Moderators"]}),
        log_channel=by_name["porch-log"],
    )
    read = replace(end, invites=(), onboarding=Onboarding(enabled=False))
    found = audit(read, places, removes_people=True)
    assert [finding.code.value for finding in found] == []
