"""Conditions: data in the configuration, never code.

A condition asks what was chosen for a variable: the answer to a field, or a fact that the core
computes. Evaluation is three-valued, so that one evaluator serves both the gate, where everything
is known, and the configuration check, which reasons about answers nobody has given yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

ANSWERED = "answered"
"""What counts as chosen for a text field that has any text."""


@dataclass(frozen=True, slots=True, order=True)
class Variable:
    """Something a condition can ask about."""

    kind: Literal["field", "fact", "entries"]
    name: str


class View(Protocol):
    """What is known of the variables."""

    def chosen(self, variable: Variable) -> frozenset[str] | None:
        """The codes chosen for a variable; empty when unanswered, None when not known."""

    def entries(self, page_id: str) -> "Sequence[View] | None":
        """A view of each entry of a repeated page; None when not known."""


class Condition(BaseModel):
    """One test, or several joined by ``all``, ``any`` or ``not``."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    field: str | None = None
    fact: str | None = None
    one_of: tuple[str, ...] | None = None
    """True when any of these is chosen."""
    only: tuple[str, ...] | None = None
    """True when something is chosen, and nothing but these."""
    answered: bool | None = None
    all_: tuple["Condition", ...] | None = Field(default=None, alias="all")
    any_: tuple["Condition", ...] | None = Field(default=None, alias="any")
    not_: "Condition | None" = Field(default=None, alias="not")
    any_entry_of: str | None = None
    where: "Condition | None" = None

    @model_validator(mode="after")
    def _has_exactly_one_shape(self) -> Self:
        shapes = ("field", "fact", "all_", "any_", "not_", "any_entry_of")
        given = [name for name in shapes if getattr(self, name) is not None]
        tests = [name for name in ("one_of", "only", "answered") if getattr(self, name) is not None]
        if len(given) != 1:
            raise _shape_problem("a condition holds exactly one of field, fact, all, any, not, any_entry_of")
        if given[0] in {"field", "fact"}:
            if len(tests) != 1 or self.where is not None:
                raise _shape_problem(f"a condition on a {given[0]} needs one of one_of, only, answered")
        elif tests:
            raise _shape_problem(f"{tests[0]} goes with field or fact")
        elif (given[0] == "any_entry_of") != (self.where is not None):
            raise _shape_problem("any_entry_of and where go together")
        elif self.all_ == () or self.any_ == ():
            raise _shape_problem("a list of conditions may not be empty")
        return self

    @cached_property
    def variable(self) -> Variable | None:
        """The variable that a single test asks about; None for a joined condition."""
        if self.field is not None:
            return Variable("field", self.field)
        if self.fact is not None:
            return Variable("fact", self.fact)
        return None

    @property
    def parts(self) -> tuple["Condition", ...]:
        """The conditions directly inside this one, entries' conditions included."""
        single = tuple(part for part in (self.not_, self.where) if part is not None)
        return (self.all_ or ()) + (self.any_ or ()) + single

    def walk(self) -> Iterator["Condition"]:
        """This condition and every one inside it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def as_data(self) -> dict[str, Any]:
        """The condition as it would stand in the configuration."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


def _shape_problem(message: str) -> PydanticCustomError:
    return PydanticCustomError("condition_shape", "{message}", {"message": message})


def holds(condition: Condition, view: View) -> bool | None:
    """Whether the condition holds: None when what is known does not settle it."""
    variable = condition.variable
    if variable is not None:
        chosen = view.chosen(variable)
        return None if chosen is None else _test(condition, chosen)
    if condition.all_ is not None:
        return _all([holds(part, view) for part in condition.all_])
    if condition.any_ is not None:
        return _any([holds(part, view) for part in condition.any_])
    if condition.not_ is not None:
        inner = holds(condition.not_, view)
        return None if inner is None else not inner
    entries = view.entries(condition.any_entry_of or "")
    if entries is None or condition.where is None:
        return None
    return _any([holds(condition.where, entry) for entry in entries])


def _test(condition: Condition, chosen: frozenset[str]) -> bool:
    if condition.one_of is not None:
        return not chosen.isdisjoint(condition.one_of)
    if condition.only is not None:
        return bool(chosen) and chosen <= set(condition.only)
    return bool(chosen) is condition.answered


def _all(truths: Sequence[bool | None]) -> bool | None:
    if any(truth is False for truth in truths):
        return False
    return None if any(truth is None for truth in truths) else True


def _any(truths: Sequence[bool | None]) -> bool | None:
    if any(truth is True for truth in truths):
        return True
    return None if any(truth is None for truth in truths) else False
