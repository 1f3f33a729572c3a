"""Text that an admin wrote in the configuration: one string, or a table by language."""

from typing import Any

from pydantic import ConfigDict, RootModel, model_validator

ANY_LANGUAGE = ""


class Text(RootModel[dict[str, str]]):
    """A sentence in one or more languages. A plain string holds for every language."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _accept_a_plain_string(cls, value: Any) -> Any:
        return {ANY_LANGUAGE: value} if isinstance(value, str) else value

    def in_language(self, locale: str, fallback: str = "en") -> str:
        """The text for a Discord locale such as ``de`` or ``en-GB``, else the fallback's, else any."""
        for key in (locale, locale.split("-", maxsplit=1)[0], ANY_LANGUAGE, fallback):
            if key in self.root:
                return self.root[key]
        return next(iter(self.root.values()), "")

    def __iter__(self) -> Any:
        """The languages and their texts, as pairs."""
        return iter(self.root.items())
