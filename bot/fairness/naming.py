"""What makes two typed names the name of one organisation, pure.

Only what people write differently without meaning anything else is taken away: capitals, accents, marks,
spaces, a leading "the", and the legal form at the end.
"""

import re
import unicodedata

LONGEST_NAME = 120
"""Characters, as in the questionnaire."""

_LEGAL_FORMS = frozenset({
    "ab", "ag", "aps", "as", "asa", "bhd", "bv", "co", "company", "corp", "corporation", "ev", "gbr",
    "gmbh", "inc", "incorporated", "kft", "kg", "kgaa", "ks", "limited", "llc", "llp", "lp", "ltd", "ltda",
    "mbh", "nv", "oy", "oyj", "plc", "pte", "pty", "pvt", "sa", "sarl", "sas", "sca", "scs", "sdn", "se",
    "spa", "spzoo", "srl", "sro", "sl", "ug", "zoo", "zrt",
})  # fmt: skip

_NAMES_NOBODY = frozenset({
    "confidential", "dontknow", "freelance", "freelancer", "idontknow", "me", "myself", "na", "nil", "no",
    "none", "notapplicable", "notsure", "nothing", "prefernottosay", "private", "rathernotsay",
    "selfemployed", "unknown", "various",
})  # fmt: skip
"""What people write where there is no name to write."""

_DROPPED = re.compile(r"[.'\u2019\u02bc`]")
_BETWEEN_LETTERS = re.compile(r"(?<![^\W_])([^\W_])/(?=[^\W_](?![^\W_]))")
_MARKS = re.compile(r"[\W_]+")


def normalised(name: str) -> str:
    """The form under which a name is the same however it is written; empty where it names nothing."""
    text = _DROPPED.sub("", _folded(name).replace("&", " and "))
    words = _MARKS.sub(" ", _BETWEEN_LETTERS.sub(r"\1", text)).split()
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    joined = unicodedata.normalize("NFKC", "".join(_without_legal_form(words)))
    return "" if joined in _NAMES_NOBODY else joined


def _folded(name: str) -> str:
    """Without capitals, accents and look-alike forms of the same letter."""
    before, text = None, name
    while text != before:
        before = text
        spread = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(mark for mark in spread if unicodedata.category(mark) not in {"Mn", "Me", "Cf"})
    return text


def _without_legal_form(words: list[str]) -> list[str]:
    """A name's words, of which at least one is left."""
    end = len(words)
    while end > 1 and (words[end - 1] in _LEGAL_FORMS or (end < len(words) and words[end - 1] == "and")):
        end -= 1
    return words[:end]
