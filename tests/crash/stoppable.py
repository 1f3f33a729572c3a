"""A process that can be stopped dead at any named step, and a server that outlives it.

Steps are the places where a crash can fall between two things that both last: just before each commit
to either file, after each call to the server, and after each answer to a person. What lies between two
of these leaves the same behind.
"""

import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.ports import Done, Later, Member, Refused, Result, RoleChange, Room, Why
from bot.screens.elements import Screen
from tests.support import MEMBER_ROLE

_WRITING = re.compile(r"(INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)


class Steps:
    """Counts the steps of a run, and ends the process at one of them as ``kill -9`` would."""

    def __init__(self, stop_at: int | None) -> None:
        """Take the number of the step to stop at; None: run to the end."""
        self.names: list[str] = []
        self.doing = "start"
        self.writing: set[str] = set()
        self._stop_at = stop_at

    def reached(self, name: str) -> None:
        """A step is reached. Nothing after it happens if it is the one."""
        self.names.append(f"{self.doing}: {name}")
        if len(self.names) - 1 == self._stop_at:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def watching_commits(steps: Steps) -> Iterator[None]:
    """Every transaction that lasts passes a step, just before it commits."""
    original = sqlite3.connect

    def connect(database: Any, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = original(database, *args, **kwargs)
        if "mode=ro" not in str(database) and database != ":memory:":
            name = Path(str(database)).stem
            connection.set_trace_callback(lambda statement: _trace(steps, name, statement))
        return connection

    sqlite3.connect = connect  # type: ignore[assignment] # only inside this process
    try:
        yield
    finally:
        sqlite3.connect = original


def _trace(steps: Steps, name: str, statement: str) -> None:
    """A commit is named after what it writes, so that steps that are alike have the same name."""
    written = _WRITING.match(statement.lstrip())
    if written:
        steps.writing.add(f"{written[1].split()[0].lower()} {written[2]}")
    elif statement.lstrip().upper().startswith("COMMIT"):
        steps.reached(f"{name} commits {', '.join(sorted(steps.writing))}")
        steps.writing.clear()


_KEPT = ("roles", "here", "messages", "told", "removed", "log", "threads")


_APPEAL_CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
"""Another one in each run."""


class LastingServer:
    """The server, kept in a file. It remembers nonces for minutes only: no restart finds one again."""

    def __init__(self, file: Path, steps: Steps) -> None:
        """Take the file and the steps to pass through."""
        self._file = file
        self._steps = steps
        self._nonces: dict[str, int] = {}
        self._state: dict[str, Any] = {name: [] for name in _KEPT}
        if file.exists():
            self._state = json.loads(file.read_text(encoding="utf-8"))

    @property
    def state(self) -> dict[str, Any]:
        """Who has the role, what stands where, what was said to whom."""
        return self._state

    def hand_gives_role(self, user_id: int, by: int, at: datetime) -> None:
        """Somebody gives the member role by hand, once."""
        if user_id not in self._state["roles"]:
            self._state["roles"].append(user_id)
            self._state["log"].append([user_id, by, at.isoformat()])
        self._save()

    async def member(self, user_id: int) -> Member | Refused | Later:
        """Somebody who is here."""
        return self._member(user_id) if user_id in self._state["here"] else Refused(Why.GONE)

    async def members(self, after: int) -> tuple[Member, ...] | Refused | Later:
        """Everybody who is here."""
        return tuple(self._member(who) for who in sorted(self._state["here"]) if who > after)

    async def role_changes(self, since: datetime) -> tuple[RoleChange, ...] | Refused | Later:
        """What was given by hand."""
        changes = (
            RoleChange(who, given=True, by=by, by_bot=False, at=datetime.fromisoformat(at))
            for who, by, at in self._state["log"]
        )
        return tuple(change for change in changes if change.at >= since)

    def _member(self, user_id: int) -> Member:
        roles = {MEMBER_ROLE} if user_id in self._state["roles"] else set[int]()
        return Member(user_id, frozenset(roles))

    def arrive(self, user_id: int) -> None:
        """Somebody joins, without a role."""
        if user_id not in self._state["here"]:
            self._state["here"].append(user_id)
        self._save()

    def leave(self, user_id: int) -> None:
        """Somebody leaves, and loses their roles."""
        for known in ("here", "roles"):
            self._state[known] = [other for other in self._state[known] if other != user_id]
        self._save()

    async def grant(self, user_id: int, case_code: str) -> Result:
        """Give the role to somebody who is here."""
        return self._done(f"grant {case_code}", lambda: self._role(user_id, given=True))

    async def revoke(self, user_id: int, case_code: str) -> Result:
        """Take the role."""
        return self._done(f"revoke {case_code}", lambda: self._role(user_id, given=False))

    async def remove(self, user_id: int, case_code: str) -> Result:
        """Remove somebody."""

        def remove() -> Result:
            if user_id not in self._state["here"]:
                return Refused(Why.GONE)
            self._state["removed"].append(user_id)
            self.leave(user_id)
            return Done()

        return self._done(f"remove {case_code}", remove)

    async def pause_invites(self, until: datetime | None) -> Result:
        """Nothing to see."""
        return self._done(f"invites {until is not None}", Done)

    async def tell(self, user_id: int, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        """Send somebody a message."""

        text = _APPEAL_CODE.sub("a code", screen.text)

        def tell() -> Result:
            already = since is not None and [user_id, text] in self._state["told"]
            if not already and nonce not in self._nonces:
                self._state["told"].append([user_id, text])
                self._nonces[nonce] = 0
            sent = self._state["told"].index([user_id, text]) + 1
            return Done(sent, channel_id=user_id, message_ids=(sent,))

        return self._done("tell", tell)

    async def post(self, room: Room, screen: Screen, nonce: str, since: datetime | None = None) -> Result:
        """Post a message."""

        def post() -> Result:
            messages = self._state["messages"]
            if nonce in self._nonces:
                return Done(self._nonces[nonce])
            if since is not None:
                first_line = screen.text.strip().partition("\n")[0]
                for message in messages:
                    if message["room"] == room and message["text"].strip().startswith(first_line):
                        return Done(message["id"])
            message_id = max((message["id"] for message in messages), default=999) + 1
            messages.append({"id": message_id, "room": room, "text": screen.text})
            self._nonces[nonce] = message_id
            return Done(message_id)

        return self._done(f"post in {room}", post)

    async def edit(self, room: Room, message_id: int, screen: Screen) -> Result:
        """Make a message show something else."""

        def edit() -> Result:
            for message in self._state["messages"]:
                if message["id"] == message_id:
                    message["text"] = screen.text
                    return Done(message_id)
            return Refused(Why.MISSING_MESSAGE)

        return self._done(f"edit in {room}", edit)

    async def stands(self, room: Room, message_id: int) -> Result:
        """Whether a message is there."""
        there = any(message["id"] == message_id for message in self._state["messages"])
        return self._done(f"look in {room}", lambda: Done() if there else Refused(Why.MISSING_MESSAGE))

    async def delete(self, channel_id: int, message_id: int) -> Result:
        """Delete a message: in a room, or in the conversation with a person."""

        def delete() -> Result:
            told = self._state["told"]
            if not 0 < message_id <= len(told) or told[message_id - 1][0] != channel_id:
                return Refused(Why.MISSING_MESSAGE)
            told[message_id - 1] = [channel_id, "deleted"]
            return Done()

        return self._done("delete", delete)

    async def delete_in(self, room: Room, message_id: int) -> Result:
        """Delete a posted message."""

        def delete() -> Result:
            messages = self._state["messages"]
            there = [message for message in messages if message["id"] != message_id]
            found = len(there) < len(messages)
            self._state["messages"] = there
            return Done() if found else Refused(Why.MISSING_MESSAGE)

        return self._done(f"delete in {room}", delete)

    async def open_thread(
        self, case_code: str, user_ids: tuple[int, ...], nonce: str, since: datetime | None = None
    ) -> Result:
        """Open a thread, unless it is looked for and found."""

        def open_it() -> Result:
            threads = self._state["threads"]
            named = [one["id"] for one in threads if one["name"] == case_code and not one["deleted"]]
            if since is not None and named:
                return Done(made_id=named[0])
            threads.append(
                {"id": len(threads) + 1, "name": case_code, "who": [*user_ids], "said": [], "deleted": False}
            )
            return Done(made_id=len(threads))

        return self._done(f"open thread {nonce}", open_it)

    async def join_thread(self, thread_id: int, user_id: int) -> Result:
        """Add somebody."""
        return self._done("join", lambda: self._seat(thread_id, user_id, there=True))

    async def leave_thread(self, thread_id: int, user_id: int) -> Result:
        """Take somebody out."""
        return self._done("step out", lambda: self._seat(thread_id, user_id, there=False))

    def _seat(self, thread_id: int, user_id: int, *, there: bool) -> Result:
        thread = self._state["threads"][thread_id - 1]
        others = [other for other in thread["who"] if other != user_id]
        thread["who"] = [*others, user_id] if there else others
        return Done()

    async def post_in(
        self, thread_id: int, screen: Screen, nonce: str, since: datetime | None = None
    ) -> Result:
        """Say something in a thread."""

        def post() -> Result:
            thread = self._state["threads"][thread_id - 1]
            if thread["deleted"]:
                return Refused(Why.MISSING_THREAD)
            already = since is not None and screen.text in thread["said"]
            if not already and nonce not in self._nonces:
                thread["said"].append(screen.text)
                self._nonces[nonce] = 0
            return Done(1, channel_id=thread_id, message_ids=(1,))

        return self._done("post in thread", post)

    async def close_thread(self, thread_id: int, case_code: str = "") -> Result:
        """Delete a thread, by its id or its name."""

        def close() -> Result:
            threads = [one for one in self._state["threads"] if not one["deleted"]]
            found = [one for one in threads if thread_id in {0, one["id"]} and case_code in {"", one["name"]}]
            for one in found:
                one.update(deleted=True, said=[])
            return Done() if found or not thread_id else Refused(Why.MISSING_THREAD)

        return self._done("close thread", close)

    def _role(self, user_id: int, *, given: bool) -> Result:
        if user_id not in self._state["here"]:
            return Refused(Why.GONE)
        roles = [other for other in self._state["roles"] if other != user_id]
        self._state["roles"] = [*roles, user_id] if given else roles
        return Done()

    def _done(self, name: str, work: Callable[[], Result]) -> Result:
        verb = name.split(" ", maxsplit=1)[0]
        result = work()
        self._save()
        self._steps.reached(f"after {verb}, unheard")
        return result

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._state), encoding="utf-8")
        fresh.replace(self._file)
