"""Logs: ids of our own and codes, never content, at any level.

Discord ids, interaction tokens and exception texts are taken out of every line, whoever wrote it.
Libraries that write content at DEBUG are kept at INFO, whatever level is asked for. What Python would
print by itself (an error that nobody caught, in any thread, or a warning) is logged, by its type.
"""

import contextlib
import copy
import json
import logging
import re
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import TextIO

_QUIET_LIBRARIES = ("discord", "aiosqlite", "asyncio", "aiohttp")
"""At DEBUG these write request bodies, gateway events, SQL parameters or reprs of handlers."""

_LOOP_TROUBLE = "the event loop met an error"
"""In place of what asyncio says: it writes out the task, and with it the text of its exception."""

_log = logging.getLogger(__name__)

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
        return clean(super().format(_without_content(record)))

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
        record = _without_content(record)
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


def _without_content(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of a record that holds neither a formatted exception nor what asyncio says of its tasks."""
    own = copy.copy(record)
    own.exc_text = None
    if own.name == "asyncio":
        own.msg, own.args = _LOOP_TROUBLE, ()
    return own


class SafeHandler(logging.StreamHandler[TextIO]):
    """Writes lines. Of one that cannot be written it says just that, and not what would be in it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the library's
        """One line with the type of the error. The library would write out the message and its values."""
        error = sys.exc_info()[0]
        with contextlib.suppress(Exception):
            name = error.__name__ if error else ""
            self.stream.write(f"a line of {record.name} could not be written ({name})\n")
            self.flush()


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
    handler = SafeHandler(stream or sys.stderr)
    plain = SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else plain)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    return handler


def catch_everything() -> None:
    """Have what Python itself would print go through the log: errors that nobody caught, and warnings."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread
    warnings.showwarning = _warned


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("an error that nobody caught", exc_info=(kind, error, trace))


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    error = args.exc_value or args.exc_type()
    _log.error("an error that cannot be raised", exc_info=(args.exc_type, error, args.exc_traceback))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    error = args.exc_value or args.exc_type()
    _log.error("an error that ended a thread", exc_info=(args.exc_type, error, args.exc_traceback))


def _warned(
    message: Warning | str,  # noqa: ARG001 - its text may quote anything
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the signature is the library's
    line: str | None = None,  # noqa: ARG001 - the signature is the library's
) -> None:
    _log.warning("%s at %s:%d", category.__name__, filename, lineno)
