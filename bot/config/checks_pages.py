"""Pages: their conditions, how many fields a form holds, repeating, and the statements."""

from collections.abc import Iterator
from itertools import combinations, islice

from bot.conditions import Condition
from bot.config.checks_conditions import Standpoint, check_condition, impossible_parts
from bot.config.checks_tables import twice
from bot.config.findings import Problem
from bot.config.lines import KeyPath
from bot.config.reasoning import negated
from bot.config.scene import Scene
from bot.questionnaire import FormField, Kind, Page

MOST_FIELDS = 5
_MOST_COMBINATIONS = 500
_STATEMENT_KINDS = frozenset({Kind.CHECKBOX_GROUP, Kind.TEXT_DISPLAY})
_NEVER = "can never hold, so nobody gets to see this"
_ALWAYS = "always holds for whoever comes this far"


def check_pages(scene: Scene) -> Iterator[Problem]:
    """What is wrong with the pages."""
    pages = scene.config.pages
    yield from twice(((page.id, ("pages", n, "id")) for n, page in enumerate(pages)), "id")
    for number, page in enumerate(pages):
        path: KeyPath = ("pages", number)
        yield from _conditions(scene, page, number)
        yield from _repeating(page, path)
        if page.statements:
            yield from _statements(scene, page, path)
        elif not any(field.is_question for field in page.fields):
            yield Problem((*path, "fields"), "has no question", "add one, or take the page out")
        if _can_overflow(scene, page, path):
            told = (
                f"more than {MOST_FIELDS} fields can be shown at once, and a Discord form holds {MOST_FIELDS}"
            )
            yield Problem((*path, "fields"), told, "move some to another page")
    yield from _statement_pages(scene)


def _conditions(scene: Scene, page: Page, number: int) -> Iterator[Problem]:
    path: KeyPath = ("pages", number)
    if page.show_when is not None:
        yield from _asked(scene, page.show_when, (*path, "show_when"))
        if _is_sound(scene, page.show_when, (*path, "show_when")):
            never = f"{_NEVER} page", "change the condition, or take the page out"
            always = _ALWAYS, "take it out, or change it"
            yield from _truth(scene, page.show_when, (*path, "show_when"), (), never, always)
            if not scene.world.possible(page.show_when):
                return
    for position, field in enumerate(page.fields):
        yield from _field_conditions(scene, page, field, (*path, "fields", position))


def _field_conditions(scene: Scene, page: Page, field: FormField, path: KeyPath) -> Iterator[Problem]:
    page_is_sound = ("pages", path[1], "show_when") not in scene.unsound
    if field.show_when is not None:
        at = (*path, "show_when")
        yield from _asked(scene, field.show_when, at)
        if page_is_sound and _is_sound(scene, field.show_when, at):
            never = f"{_NEVER} field", "change the condition, or take the field out"
            always = _ALWAYS, "take it out, or change it"
            yield from _truth(scene, field.show_when, at, (page.show_when,), never, always)
    if isinstance(field.required, Condition):
        at = (*path, "required")
        yield from _asked(scene, field.required, at)
        if page_is_sound and _is_sound(scene, field.required, at):
            shown = (page.show_when, field.show_when if (*path, "show_when") not in scene.unsound else None)
            never = "can never hold", "write required = false, or change the condition"
            always = _ALWAYS, "write required = true, or change the condition"
            yield from _truth(scene, field.required, at, shown, never, always)


def _asked(scene: Scene, condition: Condition, path: KeyPath) -> Iterator[Problem]:
    return check_condition(condition, path, _stand(scene, path))


def _is_sound(scene: Scene, condition: Condition, path: KeyPath) -> bool:
    return not any(_asked(scene, condition, path))


def _truth(
    scene: Scene,
    condition: Condition,
    path: KeyPath,
    shown: tuple[Condition | None, ...],
    never: tuple[str, str],
    always: tuple[str, str],
) -> Iterator[Problem]:
    """Whether a sound condition makes any difference to those who come this far."""
    if not scene.world.possible(*shown, condition):
        yield Problem(path, *never)
    elif not scene.world.possible(*shown, negated(condition)):
        yield Problem(path, *always, "warning")
    else:
        yield from impossible_parts(condition, path, scene)


def _stand(scene: Scene, path: KeyPath) -> Standpoint:
    return Standpoint(scene, path[1] if isinstance(path[1], int) else None)


def _can_overflow(scene: Scene, page: Page, path: KeyPath) -> bool:
    """Whether somebody could be shown more fields than a form holds."""
    always = sum(field.show_when is None for field in page.fields)
    sometimes = [field.show_when for field in page.fields if field.show_when is not None]
    needed = MOST_FIELDS + 1 - always
    if needed <= 0:
        return True
    if needed > len(sometimes) or any(cut[: len(path)] == path for cut in scene.unsound):
        return False
    together = islice(combinations(sometimes, needed), _MOST_COMBINATIONS)
    return any(scene.world.possible(page.show_when, *conditions) for conditions in together)


def _repeating(page: Page, path: KeyPath) -> Iterator[Problem]:
    if page.statements and page.repeats:
        told = "does not go with statements, which are shown once"
        yield Problem((*path, "repeat_max"), told, "take it out")
    elif page.repeats and page.repeat_button is None:
        told = "is missing on a page that can be filled in more than once"
        yield Problem((*path, "repeat_button"), told, 'add repeat_button = "Add another one"')
    elif page.repeat_button is not None and not page.repeats:
        told = "does nothing on a page that is filled in once"
        yield Problem((*path, "repeat_button"), told, "take it out, or set repeat_max")


def _statement_pages(scene: Scene) -> Iterator[Problem]:
    pages = scene.config.pages
    numbers = [number for number, page in enumerate(pages) if page.statements]
    if not numbers and not scene.raw_has("pages", "statements", True):
        told = "none of the pages has statements = true, so nobody could send their answers"
        yield Problem(("pages",), told, "add such a page at the end, as in config.example.toml")
    for number in numbers[1:]:
        told = "is true on an earlier page already"
        yield Problem(("pages", number, "statements"), told, "keep one page with statements")
    if len(numbers) == 1 and numbers[0] != len(pages) - 1:
        told = "is true on a page that is not the last"
        yield Problem(("pages", numbers[0], "statements"), told, "move this page to the end")


def _statements(scene: Scene, page: Page, path: KeyPath) -> Iterator[Problem]:
    if page.show_when is not None:
        told = "hides the statements from some, who then could not send their answers"
        yield Problem((*path, "show_when"), told, "take it out; put conditions on the fields")
    for position, field in enumerate(page.fields):
        at = (*path, "fields", position)
        if field.kind not in _STATEMENT_KINDS:
            told = f"a {field.kind.value} cannot stand on the page with the statements"
            yield Problem((*at, "kind"), told, "write checkbox_group or text_display, or move it")
        elif field.kind is Kind.CHECKBOX_GROUP:
            yield from _statement(field, at)
    shown = [field for field in page.fields if field.kind is Kind.CHECKBOX_GROUP]
    conditions = [field.show_when for field in shown if field.show_when is not None]
    unsure = any(cut[: len(path)] == path for cut in scene.unsound)
    if unsure:
        return
    if not shown or (
        len(conditions) == len(shown) and scene.world.possible(*(negated(c) for c in conditions))
    ):
        told = "some people would see no statement at all, and could not send their answers"
        yield Problem(
            (*path, "fields"), told, "show one checkbox_group to everybody who is not shown another"
        )


def _statement(field: FormField, path: KeyPath) -> Iterator[Problem]:
    if field.required is not True:
        yield Problem((*path, "required"), "statements have to be agreed to", "take it out, or write true")
    if field.min_values != len(field.options) and len(field.options) > 0:
        told = "every statement has to be ticked"
        yield Problem((*path, "min_values"), told, f"write min_values = {len(field.options)}")
