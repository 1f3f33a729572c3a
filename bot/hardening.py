"""Hardening the process: what it has in memory, keys and words that people typed, goes into no file.

A core file is a copy of that memory. Other programs of the same user could also ask the system to read
it. Both are switched off for good, as well as the system lets us.
"""

import ctypes
import logging
import resource
import sys

_log = logging.getLogger(__name__)

_PR_SET_DUMPABLE = 4
"""From Linux's ``prctl``: whether the process may be dumped, or read by others of its user."""


def harden() -> None:
    """Keep the memory of this process to itself. What cannot be done is a warning, and no reason to stop."""
    for code, shut in (("core_files", _no_core_files), ("dumpable", _not_dumpable)):
        try:
            shut()
        except (OSError, ValueError, AttributeError) as error:
            _log.warning("hardening: %s could not be switched off (%s)", code, type(error).__name__)


def _no_core_files() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _not_dumpable() -> None:
    if not sys.platform.startswith("linux"):
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
