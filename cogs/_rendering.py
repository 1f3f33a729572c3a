"""From screens and forms to what discord.py sends, and from a raw submit back to values."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.questionnaire import Kind
from bot.screens.elements import MOST_PRESSES, FormSheet, Input, Press, Screen, Style, in_messages

NAMESPACE = "pl"

_NOTHING_TO_READ = "\u200b"
"""Discord takes no message without text."""

_STYLES = {
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.NEUTRAL: discord.ButtonStyle.secondary,
    Style.GOOD: discord.ButtonStyle.success,
    Style.DANGER: discord.ButtonStyle.danger,
}


class PressButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"pl:(?P<action>[a-z]+):(?P<ref>[0-9A-Za-z]*)"
):
    """Every button there is. What it does is looked up by its action when it is pressed."""

    def __init__(self, press: Press) -> None:
        """Make the button of a press."""
        self.action = press.action
        self.ref = press.ref
        super().__init__(
            discord.ui.Button(
                label=press.label,
                style=_STYLES[press.style],
                custom_id=f"{NAMESPACE}:{press.action}:{press.ref}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: Any
    ) -> "PressButton":
        """The button again, from what stands in a message."""
        label = item.label if isinstance(item, discord.ui.Button) and item.label else "-"
        return cls(Press(match["action"], label, match["ref"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the router, which answers for every failure."""
        await interaction.client.router.pressed(interaction, self.action, self.ref)


def view_of(screen: Screen) -> discord.ui.View | None:
    """The buttons of a screen. Only dynamic items: a mixed view would unregister them all."""
    if not screen.presses:
        return None
    view = discord.ui.View(timeout=None)
    for press in screen.presses:
        view.add_item(PressButton(press))
    # A view that still listens would keep a timer of fifteen minutes for every answer to a press.
    view.stop()
    return view


def messages_of(screen: Screen) -> list[dict[str, Any]]:
    """The keyword arguments of each message that a screen becomes, the buttons under the last.

    More buttons than one message holds stand under messages of their own.
    """
    messages: list[dict[str, Any]] = [{"content": text} for text in in_messages(screen.text)]
    for start in range(0, len(screen.presses), MOST_PRESSES):
        if start:
            messages.append({"content": _NOTHING_TO_READ})
        messages[-1]["view"] = view_of(Screen("", screen.presses[start : start + MOST_PRESSES]))
    return messages


def modal_of(form: FormSheet) -> discord.ui.Modal:
    """A pop-up form. It is stopped at once, so that discord.py keeps no copy of it: submits are read raw."""
    modal = discord.ui.Modal(
        title=form.title, custom_id=f"{NAMESPACE}:{form.action}:{form.ref}", timeout=None
    )
    for item in form.inputs:
        modal.add_item(_component(item))
    modal.stop()
    return modal


def _component(item: Input) -> discord.ui.Item[Any]:
    if item.kind is Kind.TEXT_DISPLAY:
        return discord.ui.TextDisplay(item.text)
    return discord.ui.Label(text=item.label, description=item.description or None, component=_field(item))


def _field(item: Input) -> discord.ui.Item[Any]:
    match item.kind:
        case Kind.RADIO:
            radio: discord.ui.RadioGroup[Any] = discord.ui.RadioGroup(
                custom_id=item.id, required=item.required
            )
            for choice in item.choices:
                radio.add_option(
                    label=choice.label,
                    value=choice.value,
                    description=choice.description or None,
                    default=choice.value in item.chosen,
                )
            return radio
        case Kind.CHECKBOX_GROUP:
            group: discord.ui.CheckboxGroup[Any] = discord.ui.CheckboxGroup(
                custom_id=item.id,
                required=item.required,
                min_values=item.least,
                max_values=item.most,
            )
            for choice in item.choices:
                group.add_option(
                    label=choice.label,
                    value=choice.value,
                    description=choice.description or None,
                    default=choice.value in item.chosen,
                )
            return group
        case Kind.SELECT:
            return discord.ui.Select(
                custom_id=item.id,
                required=item.required,
                min_values=item.least,
                max_values=item.most,
                placeholder=item.placeholder or None,
                options=[
                    discord.SelectOption(
                        label=choice.label,
                        value=choice.value,
                        description=choice.description or None,
                        default=choice.value in item.chosen,
                    )
                    for choice in item.choices
                ],
            )
        case _:
            style = discord.TextStyle.short if item.kind is Kind.SHORT_TEXT else discord.TextStyle.paragraph
            return discord.ui.TextInput(
                custom_id=item.id,
                style=style,
                required=item.required,
                min_length=item.least or None,
                max_length=item.most,
                placeholder=item.placeholder or None,
                default=item.typed or None,
            )


def values_in(data: Mapping[str, Any]) -> dict[str, str | list[str] | None]:
    """What a submitted form holds, by field, from the raw interaction data."""
    values: dict[str, str | list[str] | None] = {}
    for outer in data.get("components", ()):
        inner = outer.get("component")
        for component in [inner] if inner else outer.get("components", ()):
            if "custom_id" in component:
                values[component["custom_id"]] = component.get("values", component.get("value"))
    return values
