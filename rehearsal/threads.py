"""Threads, where the simulated Discord differs from Discord itself.

There, whoever manages threads deletes and wakes them, without managing channels; and nothing in the
channel says that a private one was opened.
"""

from typing import Any

from rehearsal.simulation import Request

_require = Request.require_channel_permissions


def _as_for_threads(request: Request, channel_id: int, *wanted: str) -> Any:
    is_thread = "manage_channels" in wanted and request.backend.get_channel(channel_id).is_thread
    return _require(request, channel_id, *(("manage_threads",) if is_thread else wanted))


setattr(Request, "require_channel_permissions", _as_for_threads)  # noqa: B010 - a seam of the simulation


def panel_of(channel: Any) -> Any:
    """The newest message in a channel that is no word about a thread."""
    return next((message for message in reversed(channel.history()) if message.components), None)
