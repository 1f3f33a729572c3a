"""From screens and forms to what discord.py sends, and from a raw submit back to values."""

import io
from collections.abc import Mapping
from typing import Any

import discord

from bot.questionnaire import Kind
from bot.screens.elements import MOST_PRESSES, FormSheet, Input, Screen, Style, in_messages

NAMESPACE = "pl"

_NOTHING_TO_READ = "\u200b"
"""Discord takes no message without text."""

_STYLES = {
    Style.PRIMARY: discord.ButtonStyle.primary.value,
    Style.NEUTRAL: discord.ButtonStyle.secondary.value,
    Style.GOOD: discord.ButtonStyle.success.value,
    Style.DANGER: discord.ButtonStyle.danger.value,
}
_PRESSES_IN_A_ROW = 5

Wire = dict[str, Any]
"""A piece of a message or form as Discord takes it.

https://discord.com/developers/docs/components/reference says what goes into each. We write it out
because people wait for it: discord.py's own objects for a form take several times as long as all else
that opening one needs, and are thrown away once they have written the same.
"""


class Buttons(discord.ui.View):
    """The buttons of a message. discord.py keeps nothing of them: presses are read raw, like forms."""

    def __init__(self, rows: list[Wire]) -> None:
        """Take the rows, ready to send."""
        super().__init__(timeout=None)
        self._rows = rows
        # A view that still listens would keep a timer of fifteen minutes for every answer to a press.
        self.stop()

    def to_components(self) -> list[Wire]:
        """The rows."""
        return self._rows


class PopUp(discord.ui.Modal):
    """A pop-up form. It is stopped at once, so that discord.py keeps no copy of it: submits are read raw."""

    def __init__(self, title: str, custom_id: str, components: list[Wire]) -> None:
        """Take what it holds, ready to send."""
        super().__init__(title=title, custom_id=custom_id, timeout=None)
        self._components = components
        self.stop()

    def to_components(self) -> list[Wire]:
        """What it holds."""
        return self._components


def view_of(screen: Screen) -> Buttons | None:
    """The buttons of a screen."""
    if not screen.presses:
        return None
    buttons: list[Wire] = [
        {
            "type": discord.ComponentType.button.value,
            "style": _STYLES[press.style],
            "label": press.label,
            "custom_id": f"{NAMESPACE}:{press.action}:{press.ref}",
        }
        for press in screen.presses
    ]
    starts = range(0, len(buttons), _PRESSES_IN_A_ROW)
    rows = [buttons[start : start + _PRESSES_IN_A_ROW] for start in starts]
    return Buttons([{"type": discord.ComponentType.action_row.value, "components": row} for row in rows])


def messages_of(screen: Screen) -> list[dict[str, Any]]:
    """The keyword arguments of each message that a screen becomes, the buttons under the last.

    More buttons than one message holds stand under messages of their own.
    """
    messages: list[dict[str, Any]] = [{"content": text} for text in in_messages(screen.text)]
    for start in range(0, len(screen.presses), MOST_PRESSES):
        if start:
            messages.append({"content": _NOTHING_TO_READ})
        messages[-1]["view"] = view_of(Screen("", screen.presses[start : start + MOST_PRESSES]))
    if screen.files:
        messages[-1]["files"] = [discord.File(io.BytesIO(file.content), file.name) for file in screen.files]
    return messages


def modal_of(form: FormSheet) -> PopUp:
    """A form as a pop-up."""
    custom_id = f"{NAMESPACE}:{form.action}:{form.ref}"
    return PopUp(form.title, custom_id, [_component(item) for item in form.inputs])


def _component(item: Input) -> Wire:
    if item.kind is Kind.TEXT_DISPLAY:
        return {"type": discord.ComponentType.text_display.value, "content": item.text}
    label: Wire = {
        "type": discord.ComponentType.label.value,
        "label": item.label,
        "component": {"custom_id": item.id, "required": item.required, **_field(item)},
    }
    return {**label, "description": item.description} if item.description else label


def _field(item: Input) -> Wire:
    match item.kind:
        case Kind.RADIO:
            return {"type": discord.ComponentType.radio_group.value, "options": _options(item)}
        case Kind.CHECKBOX_GROUP:
            return {
                "type": discord.ComponentType.checkbox_group.value,
                "min_values": item.least,
                "max_values": item.most,
                "options": _options(item),
            }
        case Kind.SELECT if item.people:
            return {
                "type": discord.ComponentType.user_select.value,
                "min_values": item.least,
                "max_values": item.most,
                "default_values": [{"id": chosen, "type": "user"} for chosen in item.chosen],
            }
        case Kind.SELECT:
            return {
                "type": discord.ComponentType.select.value,
                "min_values": item.least,
                "max_values": item.most,
                "options": _options(item),
                **_given(placeholder=item.placeholder),
            }
        case _:
            style = discord.TextStyle.short if item.kind is Kind.SHORT_TEXT else discord.TextStyle.paragraph
            return {
                "type": discord.ComponentType.text_input.value,
                "style": style.value,
                "max_length": item.most,
                **_given(min_length=item.least, placeholder=item.placeholder, value=item.typed),
            }


def _options(item: Input) -> list[Wire]:
    return [
        {
            "label": choice.label,
            "value": choice.value,
            "default": choice.value in item.chosen,
            **_given(description=choice.description),
        }
        for choice in item.choices
    ]


def _given(**values: str | int) -> Wire:
    """Only what there is: Discord takes no empty description, placeholder or length."""
    return {name: value for name, value in values.items() if value}


def values_in(data: Mapping[str, Any]) -> dict[str, str | list[str] | None]:
    """What a submitted form holds, by field, from the raw interaction data."""
    values: dict[str, str | list[str] | None] = {}
    for outer in data.get("components", ()):
        inner = outer.get("component")
        for component in [inner] if inner else outer.get("components", ()):
            if "custom_id" in component:
                values[component["custom_id"]] = component.get("values", component.get("value"))
    return values
