"""Logs: ids of our own and codes, never content, at any level.

Discord ids, interaction tokens and exception texts are taken out of every line, whoever wrote it.
Libraries that write content at DEBUG are kept at INFO, whatever level is asked for.
"""

import copy
import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import TextIO

_QUIET_LIBRARIES = ("discord", "aiosqlite", "asyncio", "aiohttp")
"""At DEBUG these write request bodies, gateway events, SQL parameters or reprs of handlers."""

_SNOWFLAKE = re.compile(r"\d{15,20}")
_TOKEN_IN_URL = re.compile(r"(/(?:interactions|webhooks)/[^/\s]+/)[^/\s]+")


class LogFormat(StrEnum):
    """How log lines are written."""

    PLAIN = "plain"
    JSON = "json"


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


class JsonFormatter(SafeFormatter):
    """The same, one JSON object a line, for programs that read logs.

    ``reference`` is there where a person was shown the same one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The object, cleaned in each part."""
        told: dict[str, str] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        reference = getattr(record, "reference", None)
        if isinstance(reference, str):
            told["reference"] = clean(reference)
        if record.exc_info:
            told["error"] = clean(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


class ErrorCount(logging.Handler):
    """Counts what is logged as an error, and keeps nothing of it."""

    def __init__(self) -> None:
        """Begin at none."""
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - the signature is the library's
        """One more."""
        self.count += 1


def _without_source(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    return [
        traceback.FrameSummary(frame.filename, frame.lineno, frame.name, lookup_line=False, line="")
        for frame in traceback.extract_tb(trace)
    ]


def clean(line: str) -> str:
    """A line without Discord ids and tokens."""
    return _SNOWFLAKE.sub("[id]", _TOKEN_IN_URL.sub(r"\1[token]", line))


def configure(level: str, stream: TextIO | None = None, form: LogFormat = LogFormat.PLAIN) -> logging.Handler:
    """Write all logs to one stream through a safe formatter; return the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    plain = SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else plain)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    return handler
