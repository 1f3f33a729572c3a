"""The narrator: tells the story on a terminal, or as plain text where there is none."""

import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from rehearsal.markup import Reader

_WIDEST = 96
_MOST_OPTIONS = 4
_TOO_FEW_TO_CUT = 2
_BUTTON_STYLES = {1: "bold white on blue", 2: "white on grey37", 3: "bold white on green", 4: "white on red"}
_TEXT_DISPLAY = 10
_RADIO = 21


@dataclass(frozen=True, slots=True)
class Chip:
    """A button as it is drawn."""

    label: str
    style: int = 2


@dataclass(frozen=True, slots=True)
class Check:
    """Something that should be so, and whether it is."""

    scene: str
    sentence: str
    holds: bool


def console_for_story() -> Console:
    """The console on standard output, as wide as reads well; what it cannot write becomes a ``?``."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False)
    width = min(console.width, _WIDEST) if console.is_terminal else _WIDEST
    return Console(highlight=False, width=width)


class Narrator:
    """Says what happens, shows what people see, and keeps count of what was checked."""

    def __init__(self, console: Console, reader: Reader) -> None:
        """Take where to tell it, and who is who."""
        self._console = console
        self._reader = reader
        self._marks = ("✓", "✗") if _can_write("✓✗", console.encoding) else ("ok", "NO")
        self._scene = ""
        self.checks: list[Check] = []
        self.not_told: list[str] = []

    @property
    def failed(self) -> list[Check]:
        """What went otherwise than told."""
        return [check for check in self.checks if not check.holds]

    def scene(self, title: str, number: int = 0) -> None:
        """A new scene begins."""
        self._scene = title
        told = f"{number}. {title}" if number else title
        self._console.print()
        self._console.print(Rule(Text(told, "bold"), align="left", style="blue"))

    def say(self, sentence: str, style: str = "") -> None:
        """A sentence of the story."""
        self._console.print(Text(sentence, style))

    def does(self, name: str, what: str, chip: str = "") -> None:
        """Somebody does something, such as press a button."""
        line = Text.assemble(("> ", "dim"), (f"{name} {what}", "bold"))
        if chip:
            line.append(" ").append(f"[ {chip} ]", "bold blue")
        self._console.print(line)

    def sees(
        self, title: str, messages: Iterable[str], chips: Sequence[Chip] = (), *, most: int | None = None
    ) -> None:
        """What somebody sees, with its buttons; ``most`` cuts it after so many lines."""
        lines = [line for message in messages for line in self._reader.lines(message)]
        if most is not None:
            full = [line for line in lines if line.plain.strip()]
            lines = full[:most]
            if len(full) > most + _TOO_FEW_TO_CUT:
                lines.append(Text(f"... and {len(full) - most} more lines", "dim italic"))
            else:
                lines = full
        parts: list[RenderableType] = [*lines]
        if chips:
            parts.extend([Text(), *self._chips(chips)])
        self._panel(title, parts, "green")

    def form(self, title: str, modal: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """A form as somebody fills it in."""
        parts: list[RenderableType] = []
        for row in modal["components"]:
            if row.get("type") == _TEXT_DISPLAY:
                parts.append(Text(_first_line(row["content"]), "dim italic"))
                continue
            field = row["component"]
            optional = "" if field.get("required", True) else " (may stay empty)"
            parts.append(Text(row["label"], "bold").append(optional, "dim not bold"))
            parts.append(Padding(_answer(field, values.get(field["custom_id"])), (0, 0, 0, 2)))
        self._panel(title, parts, "magenta")

    def check(self, claim: str, found: object, wanted: object = True) -> bool:
        """Hold something against what should be so: a line with a tick or a cross."""
        holds = found == wanted
        told = f"{claim}: {_word(found)}"
        return self._mark(told if holds else f"{told}, and it should be {_word(wanted)}", holds=holds)

    def break_off(self, why: str) -> None:
        """The scene cannot go on."""
        self._mark(f"the scene broke off: {why}", holds=False)

    def _mark(self, sentence: str, *, holds: bool) -> bool:
        self.checks.append(Check(self._scene, sentence, holds))
        mark, style = (self._marks[0], "green") if holds else (self._marks[1], "bold red")
        self._console.print(Text.assemble("  ", (mark, style), " ", sentence))
        return holds

    def leave_out(self, why: str) -> None:
        """This scene cannot be told with this configuration."""
        self.not_told.append(self._scene)
        self._console.print(Text("  not told: ", "yellow").append(f"{why}."))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows as a table."""
        self._console.print()
        self._console.print(Text(title, "bold"))
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(Padding(table, (0, 0, 0, 2), expand=False))

    def _chips(self, chips: Sequence[Chip]) -> list[Text]:
        """Buttons, as many to a line as fit, none of them broken."""
        lines = [Text()]
        for chip in chips:
            drawn = Text(f"[ {chip.label} ]", _BUTTON_STYLES.get(chip.style, ""))
            if lines[-1].cell_len and lines[-1].cell_len + drawn.cell_len + 2 > self._console.width - 6:
                lines.append(Text())
            if lines[-1].cell_len:
                lines[-1].append("  ")
            lines[-1].append_text(drawn)
        return lines

    def _panel(self, title: str, parts: Sequence[RenderableType], style: str) -> None:
        heading = Text(title, "bold")
        shown = Panel(Group(*parts), title=heading, title_align="left", border_style=style, padding=(0, 1))
        self._console.print(Padding(shown, (0, 0, 0, 2)))


def _answer(field: Mapping[str, Any], value: Any) -> Text:
    options = field.get("options")
    if options is None:
        return Text(f"[ {value} ]" if value else "[ (left empty) ]")
    chosen = {value} if isinstance(value, str) else set(value or ())
    on, off = ("(x)", "( )") if field.get("type") == _RADIO else ("[x]", "[ ]")
    picked = [option for option in options if option["value"] in chosen]
    shown = picked if len(options) > _MOST_OPTIONS or _is_long(options) else options
    rest = len(options) - len(shown)
    told = Text("\n" if _is_long(shown) else "   ").join(
        Text(f"{on if o['value'] in chosen else off} {o['label']}", "" if o["value"] in chosen else "dim")
        for o in shown
    )
    return told.append(f"   ... and {rest} more to choose from", "dim italic") if rest else told


def _is_long(options: Sequence[Mapping[str, Any]]) -> bool:
    return sum(len(option["label"]) + 7 for option in options) > _WIDEST - 10


def _first_line(text: str) -> str:
    first, _, rest = text.strip().partition("\n")
    return f"{first} ..." if rest.strip() else first


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
