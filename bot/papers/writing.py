"""Each paper as Markdown text: its template, filled from the configuration."""

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from bot.config import Config
from bot.config.tables import Buttons
from bot.papers import access, asked, deciding
from bot.papers.teller import Teller, inert, one_line
from bot.words.templates import template


class Paper(StrEnum):
    """What an operator keeps or publishes."""

    NOTICE = "notice"
    """The privacy notice."""
    RECORD = "record"
    """The record of processing."""
    IMPACT = "impact"
    """A start for an impact assessment."""
    BREACH = "breach"
    """What to do after a breach."""
    ACCESS = "access"
    """Who may do what."""


_CONTACTS = frozenset({"email", "address"})
_OWN_BUTTONS = ("agree_and_begin", "start_again", "take_back", "appeal_ask")


def written(paper: Paper, config: Config, locale: str) -> str:
    """A paper, as Markdown. ``locale`` is a Discord locale such as ``en-GB``."""
    return _Values(Teller(config, locale)).fill(paper.value)


def explained(config: Config, locale: str) -> str:
    """The public page for members and journalists, as Markdown."""
    return _Values(Teller(config, locale)).fill("explain")


class _Values:
    """What the placeholders of templates stand for."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def fill(self, name: str) -> str:
        """A template with every placeholder filled."""
        return template(name, self._teller.language).format_map({**self._plain, **self._told})

    @cached_property
    def _plain(self) -> dict[str, str]:
        """Names, contacts, lengths of time and the labels of buttons."""
        teller, config = self._teller, self._teller.config
        community, timers, review = config.community, config.timers, config.review
        lengths = {key: kept for key, kept in config.retention if isinstance(kept, timedelta)}
        lengths |= {
            "lapse_after": timers.lapse_after,
            "decision_target": timers.decision_target,
            "many_files_within": review.many_files_within,
            "appeal_window": min(config.appeals.window, config.retention.refused),
            "appeal_target": config.appeals.target,
            "interests_for": review.interests_for,
        }
        buttons = {f"button_{key}": getattr(config.gate.buttons, key) for key in Buttons.model_fields}
        return {
            "name": inert(community.name),
            "discreet_name": inert(community.discreet_name),
            "minimum_age": str(community.minimum_age),
            "work_contact": one_line(community.work_contact),
            "privacy_contact": one_line(community.privacy_contact),
            "appeal_contact": one_line(config.appeals.contact or community.privacy_contact),
            "many_files": str(review.many_files),
            "under_age_kept": teller.phrase(self._under_age),
            **{key: self._named(key, value) for key, value in config.notice},
            **{key: teller.duration(length) for key, length in lengths.items()},
            **{key: teller.label(label) for key, label in buttons.items()},
            **{key: teller.button(key) for key in _OWN_BUTTONS},
        }

    @cached_property
    def _told(self) -> dict[str, str]:
        """What takes more than a few words."""
        teller = self._teller
        discord = teller.config.discord
        notices = discord is None or discord.members_intent
        but = "" if asked.asks_for_none_of_it(teller) else "_but"
        return {
            "gate": teller.block(teller.voice.read(teller.config.gate.text)),
            "work_page": teller.block(teller.voice.say("work_page")),
            "asked": asked.asked(teller),
            "questions": asked.questions(teller),
            "never_asked": teller.phrase(f"never_asked{but}"),
            "never_in_short": teller.phrase(f"never_in_short{but}"),
            "about_health": teller.phrase(f"about_health{but}"),
            "access": access.tables(teller),
            "rules": deciding.rules(teller),
            "machine": deciding.machine(teller),
            "restraints": deciding.restraints(teller),
            "hands": deciding.hands(teller),
            "pages": deciding.pages(teller),
            "under_age": teller.phrase(f"{self._under_age}_sentence"),
            "drift": teller.phrase(f"drift_{teller.config.drift.unrecorded}"),
            "second_reader": teller.phrase(f"second_reader_{self._team}"),
            "kept": self._kept(),
            "leaving": teller.phrase("leaving_noticed" if notices else "leaving_unnoticed"),
            "lapse": self._lapse(),
        }

    def _kept(self) -> str:
        """How long each thing is kept; and why, where that is longer than usual."""
        table = template("kept", self._teller.language).format_map(self._plain).strip()
        reason = self._teller.config.retention.reason
        if not reason:
            return table
        return f"{table}\n\n{self._teller.phrase('kept_longer', reason=inert(reason))}"

    @property
    def _under_age(self) -> str:
        return "under_age_deleted" if deciding.deletes_under_age(self._teller) else "under_age_not_deleted"

    @property
    def _team(self) -> str:
        """Whether a paper may promise somebody who had no part in a decision."""
        return "small" if self._teller.config.confirm.small_team else "others"

    def _named(self, key: str, value: Any) -> str:
        if value is None:
            return self._teller.phrase("fill_in", key=key)
        return one_line(str(value)) if key in _CONTACTS else inert(str(value))

    def _lapse(self) -> str:
        teller, timers = self._teller, self._teller.config.timers
        times = [teller.duration(after) for after in timers.reminders]
        said = teller.phrase("reminders_some", times=teller.listed(times)) if times else ""
        return teller.phrase(
            f"lapse_{timers.after_lapse}",
            lapse_after=teller.duration(timers.lapse_after),
            remove_after=teller.duration(timers.remove_after),
            way_back=one_line(timers.way_back),
            reminders=said or teller.phrase("reminders_none"),
        )
