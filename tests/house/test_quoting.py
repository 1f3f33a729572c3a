"""What somebody typed, and who they are, is quoted by no value's repr and by no exception of ours."""

import ast
from datetime import UTC, datetime

import pytest

from bot.answers import Answer, Entry
from bot.filling import NotSaved, WhyNot
from bot.model import (
    Condition,
    ConditionCode,
    Delivery,
    Disclosed,
    Disclosure,
    Interest,
    Outcome,
    Ruling,
    Visitor,
)
from bot.ports import Member, RoleChange
from bot.review.desk import History
from bot.screens.elements import Attachment, Input
from bot.store.decisions import Letter
from bot.store.proposals import Draft
from bot.vault import PersonKey
from cogs._router import Pressed
from tests.house.test_codebase import modules, tree
from tests.support import config

AT = datetime(2026, 3, 4, tzinfo=UTC)
WORDS, WHO = "Quillfeather", 200000000000000001
SOMEBODY = Visitor(WHO, "en", AT)


def _values() -> dict[str, object]:
    """One of each kind of value that passes words or people from place to place."""
    answer = Answer(text=WORDS)
    interest = Interest(
        category="industry",
        relationships=(),
        holder="self",
        capacity="self",
        period="current",
        organisation=WORDS,
        on_behalf_of=WORDS,
        goal=WORDS,
    )
    draft = Draft("R", "C", 1, "M", Ruling(Outcome.DECLINE, "other", WORDS))
    found = (
        answer,
        Entry("E", "about", {"goal": answer}),
        interest,
        Disclosure(Disclosed.SOME, (interest,)),
        Letter("L", "C", "D", WORDS, Delivery.PENDING),
        draft,
        draft.ruling,
        Condition(ConditionCode.OTHER, WORDS),
        NotSaved(WhyNot.UNKNOWN, (WORDS,)),
        Attachment("data.json", WORDS.encode()),
        Input("goal", kind=next(iter(config().questionnaire.pages)).fields[0].kind, typed=WORDS),
        SOMEBODY,
        Pressed(SOMEBODY, config().words.voice("en"), values={"goal": WORDS}),
        Member(WHO, frozenset()),
        RoleChange(WHO, given=True, by=WHO, by_bot=False, at=AT),
        History(WHO, (), None),
        PersonKey("K", WORDS.encode()),
    )
    return {type(value).__name__: value for value in found}


VALUES = _values()


@pytest.mark.parametrize("kind", list(VALUES))
def test_no_repr_quotes_words_or_people(kind: str) -> None:
    """An assertion, a debugger or a careless log line would."""
    said = repr(VALUES[kind])

    assert WORDS not in said
    assert str(WHO) not in said


TELLING = {
    "answer", "answers", "by", "content", "draft", "goal", "letter", "lookup", "master", "member", "plain",
    "raw", "row", "sealed", "secret", "sentence", "text", "token", "typed", "user_id", "value", "values",
    "visitor", "words",
}  # fmt: skip
"""How we call what holds somebody's words, somebody, or a secret."""


def test_no_exception_of_ours_takes_words_or_people() -> None:
    """What is put into one is a path, a code, or a number; a sentence about it is our own."""
    for module in modules("bot", "cogs"):
        taken = {
            part.id if isinstance(part, ast.Name) else part.attr
            for node in ast.walk(tree(module))
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
            for given in (*node.exc.args, *(keyword.value for keyword in node.exc.keywords))
            for part in _read(given)
        }

        assert taken & TELLING == set(), module


def _read(expression: ast.AST) -> list[ast.Name | ast.Attribute]:
    """The names that an expression ends in: of ``error.code`` that is ``code``; of a length, nothing."""
    if isinstance(expression, ast.Attribute) and expression.attr == "value":
        return _read(expression.value)
    if isinstance(expression, ast.Name | ast.Attribute):
        return [expression]
    if isinstance(expression, ast.Call) and ast.unparse(expression.func) in {"len", "type"}:
        return []
    return [name for child in ast.iter_child_nodes(expression) for name in _read(child)]


def test_the_search_would_find_them() -> None:
    """In an f-string, as an argument, and within a call."""
    careless = ast.parse(
        "raise ValueError(f'{visitor.user_id}', raw, str(typed), len(text), effect.kind.value)"
    )
    [node] = [one for one in ast.walk(careless) if isinstance(one, ast.Raise)]
    assert isinstance(node.exc, ast.Call)

    found = [ast.unparse(name) for given in node.exc.args for name in _read(given)]

    assert found == ["visitor.user_id", "raw", "str", "typed", "effect.kind"]
