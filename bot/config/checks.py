"""What is wrong with a configuration whose shape is right."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from bot.config.checks_conditions import unsound_conditions
from bot.config.checks_fields import check_fields
from bot.config.checks_pages import check_pages
from bot.config.checks_retention import check_retention
from bot.config.checks_rules import check_rules
from bot.config.checks_tables import check_tables
from bot.config.checks_texts import check_texts
from bot.config.draft import Draft
from bot.config.findings import Problem
from bot.config.scene import Scene


def check(draft: Draft, today: date) -> Iterator[Problem]:
    """Every problem, with paths as they are in the draft."""
    scene = Scene(draft, today)
    scene = replace(scene, unsound=unsound_conditions(scene))
    parts = (check_tables, check_retention, check_texts, check_pages, check_fields, check_rules)
    for part in parts:
        yield from part(scene)
