"""Logs: ids of our own and codes, never content, at any level.

Discord ids, interaction tokens and exception texts are taken out of every line, whoever wrote it.
Libraries that write content at DEBUG are kept at INFO, whatever level is asked for.
"""

import copy
import logging
import re
import sys
import traceback
from types import TracebackType
from typing import TextIO

_QUIET_LIBRARIES = ("discord", "aiosqlite", "asyncio", "aiohttp")
"""At DEBUG these write request bodies, gateway events, SQL parameters or reprs of handlers."""

_SNOWFLAKE = re.compile(r"\d{15,20}")
_TOKEN_IN_URL = re.compile(r"(/(?:interactions|webhooks)/[^/\s]+/)[^/\s]+")


class SafeFormatter(logging.Formatter):
    """Formats a record without ids, tokens or exception texts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, cleaned. What another formatter left in the record is not repeated."""
        own = copy.copy(record)
        own.exc_text = None
        return clean(super().format(own))

    def formatException(  # noqa: N802 - the name is the library's
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Where an exception came from and its type. Its text may quote what somebody typed."""
        kind, error, trace = ei
        if kind is None or error is None:
            return ""
        frames = "".join(traceback.format_list(_without_source(trace)))
        cause = error.__cause__ or error.__context__
        chain = f" (from {type(cause).__name__})" if cause is not None else ""
        return f"{frames}{kind.__module__}.{kind.__qualname__}{chain}"


def _without_source(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    return [
        traceback.FrameSummary(frame.filename, frame.lineno, frame.name, lookup_line=False, line="")
        for frame in traceback.extract_tb(trace)
    ]


def clean(line: str) -> str:
    """A line without Discord ids and tokens."""
    return _SNOWFLAKE.sub("[id]", _TOKEN_IN_URL.sub(r"\1[token]", line))


def configure(level: str, stream: TextIO | None = None) -> logging.Handler:
    """Write all logs to one stream through the safe formatter; return the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    return handler
