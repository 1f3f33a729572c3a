"""The two texts that hold the help numbers, the panel and *I need help now*, and how long they become.

They need nothing but the configuration. The check measures here exactly what people are shown.
"""

from collections.abc import Callable

from bot.config.schema import Config
from bot.config.spots import MESSAGE, PANEL_SPARE
from bot.text import Text

PANEL_ROOM = MESSAGE - PANEL_SPARE
"""The most characters that the panel's text may have."""


class _Known(dict[str, str]):
    """Values for placeholders. A misspelt one is told by a check of its own, and measures nothing here."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def panel_text(config: Config, language: str, fill: Callable[[str], str] | None = None) -> str:
    """The panel's text: headline, text, when a request closes by itself, then the numbers by country."""
    fill = fill or config.words.voice(language).fill

    def read(text: Text) -> str:
        return fill(text.in_language(language, config.community.language))

    numbers = []
    for country in config.help.countries:
        helplines = ", ".join(f"{line.name} {line.contact}" for line in country.lines)
        numbers.append(f"**{read(country.name)}:** {'; '.join(filter(None, (country.emergency, helplines)))}")
    heading = fill(config.words.template("panel_numbers", language))
    return "\n\n".join(
        [
            f"# {read(config.gate.title)}\n{read(config.gate.text)}",
            closing_rule(config, language),
            "\n".join([heading, *numbers]),
        ]
    )


def closing_rule(config: Config, language: str) -> str:
    """When a request closes by itself, and what follows: the same for everyone."""
    timers = config.timers
    rules = [config.words.template("panel_closing", language)]
    if timers.after_lapse == "remove":
        rules.append(config.words.template("panel_removal", language))
    values = {
        **config.words.shared,
        "days": str(timers.lapse_after.days),
        "remove_days": str(timers.remove_after.days),
        "way_back": timers.way_back,
    }
    return " ".join(rule.format_map(_Known(values)).strip() for rule in rules)


def panel_text_length(config: Config, language: str) -> int:
    """How many characters the panel takes in a language."""
    return len(panel_text(config, language))


def help_text(config: Config, language: str, fill: Callable[[str], str] | None = None) -> str:
    """The text of *I need help now*: the sentences around every number."""
    fill = fill or config.words.voice(language).fill
    lines = []
    template = config.words.template("help_emergency", language)
    for country in config.help.countries:
        name = fill(country.name.in_language(language, config.community.language))
        emergency = template.format_map(_Known({**config.words.shared, "number": country.emergency}))
        lines.append(f"**{name}**: {emergency}")
        for line in country.lines:
            hours = f" ({line.hours})" if line.hours else ""
            lines.append(f"- {line.name}: **{line.contact}**{hours}")
    sentences = config.words.template("help_now", language)
    values = {**config.words.shared, "lines": "\n".join(lines), "directory": config.help.directory}
    return sentences.format_map(_Known(values)).strip()


def help_text_length(config: Config, language: str, fill: Callable[[str], str]) -> int:
    """How many characters *I need help now* takes in a language."""
    return len(help_text(config, language, fill))
