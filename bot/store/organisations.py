"""Organisations and their names: found by keyed hash, sealed with the register's own key."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_ms, to_ms
from bot.fairness.lines import Register
from bot.ids import new_id
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation that the team knows."""

    id: str
    kind: str
    parent_id: str | None
    merged_into: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Name:
    """One of its names."""

    id: str
    organisation_id: str
    main: bool
    sealed: bytes = field(repr=False)


def add(connection: sqlite3.Connection, kind: str, now: datetime) -> Organisation:
    """Put an organisation in, without a name yet."""
    organisation = Organisation(new_id(), kind, None, None, now)
    connection.execute(
        "INSERT INTO organisation (id, kind, at) VALUES (?, ?, ?)", (organisation.id, kind, to_ms(now))
    )
    return organisation


def get(connection: sqlite3.Connection, organisation_id: str) -> Organisation | None:
    """The organisation with this id, merged or not."""
    row = connection.execute("SELECT * FROM organisation WHERE id = ?", (organisation_id,)).fetchone()
    return None if row is None else _organisation(row)


def named(connection: sqlite3.Connection, lookup: bytes) -> str | None:
    """The id of the organisation that has a name, by the name's keyed hash."""
    statement = "SELECT organisation_id FROM organisation_name WHERE lookup = ?"
    row = connection.execute(statement, (lookup,)).fetchone()
    return None if row is None else str(row["organisation_id"])


def add_name(
    connection: sqlite3.Connection,
    vault: Vault,
    organisation_id: str,
    name: str,
    lookup: bytes,
    now: datetime,
    *,
    main: bool,
) -> None:
    """Give an organisation a name that none has yet."""
    name_id = new_id()
    sealed = vault.register.seal(name, _place(name_id))
    connection.execute(
        "INSERT INTO organisation_name VALUES (?, ?, ?, ?, ?, ?)",
        (name_id, organisation_id, lookup, sealed, int(main), to_ms(now)),
    )


def names_of(connection: sqlite3.Connection, organisation_ids: Iterable[str]) -> list[Name]:
    """The names of some organisations, the main ones first, then in the order in which they came."""
    rows = connection.execute(
        """
        SELECT id, organisation_id, main, sealed FROM organisation_name
        WHERE organisation_id IN (SELECT value FROM json_each(?)) ORDER BY main DESC, rowid
        """,
        (json.dumps(list(organisation_ids)),),
    )
    return [_name(row) for row in rows]


def every_name(connection: sqlite3.Connection) -> list[Name]:
    """Every name in the register, in the order in which they came."""
    rows = connection.execute(
        "SELECT id, organisation_id, main, sealed FROM organisation_name ORDER BY rowid"
    )
    return [_name(row) for row in rows]


def opened(vault: Vault, name: Name) -> str:
    """A name as it was typed."""
    return vault.register.open(name.sealed, _place(name.id))


def mergers(connection: sqlite3.Connection) -> Register:
    """What each organisation turned out to be that was merged; nothing else."""
    rows = connection.execute("SELECT id, merged_into FROM organisation WHERE merged_into IS NOT NULL")
    return Register(merged={row["id"]: row["merged_into"] for row in rows})


def how_many(connection: sqlite3.Connection) -> int:
    """How many organisations there are, not counting those that turned out to be another one."""
    row = connection.execute(
        "SELECT count(*) AS found FROM organisation WHERE merged_into IS NULL"
    ).fetchone()
    return int(row["found"])


def merge(connection: sqlite3.Connection, organisation_id: str, into: str) -> None:
    """One organisation turned out to be another one. Its names and all that is about it lead there."""
    connection.execute("UPDATE organisation SET merged_into = ? WHERE id = ?", (into, organisation_id))


def set_parent(connection: sqlite3.Connection, of: Iterable[str], parent_id: str | None) -> None:
    """Whom an organisation belongs to: the first of its ids says it, and the others nothing."""
    first, *others = of
    connection.execute("UPDATE organisation SET parent_id = ? WHERE id = ?", (parent_id, first))
    connection.execute(
        "UPDATE organisation SET parent_id = NULL WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(others),),
    )


def around(connection: sqlite3.Connection, lookups: Iterable[bytes]) -> Register:
    """What the register knows about some names, and about whatever belongs together with them."""
    names = {one: found for one in lookups if (found := named(connection, one)) is not None}
    return _with_names(connection, names)


def around_ids(connection: sqlite3.Connection, organisation_ids: Iterable[str]) -> Register:
    """What the register knows about some organisations, and about whatever belongs together with them."""
    return _register(_near(connection, organisation_ids))


def _with_names(connection: sqlite3.Connection, names: dict[bytes, str]) -> Register:
    found = _register(_near(connection, set(names.values()))) if names else Register()
    return Register(names, found.merged, found.parents)


def _register(rows: Iterable[Organisation]) -> Register:
    known = tuple(rows)
    return Register(
        {},
        {one.id: one.merged_into for one in known if one.merged_into},
        {one.id: one.parent_id for one in known if one.parent_id},
    )


def _near(connection: sqlite3.Connection, organisation_ids: Iterable[str]) -> list[Organisation]:
    """Whatever can be reached over mergers and owners, in both directions."""
    rows = connection.execute(
        """
        WITH RECURSIVE near (id) AS (
            SELECT value FROM json_each(?)
            UNION SELECT parent_id FROM near JOIN organisation USING (id) WHERE parent_id IS NOT NULL
            UNION SELECT merged_into FROM near JOIN organisation USING (id) WHERE merged_into IS NOT NULL
            UNION SELECT organisation.id FROM near JOIN organisation ON parent_id = near.id
            UNION SELECT organisation.id FROM near JOIN organisation ON merged_into = near.id
        )
        SELECT organisation.* FROM near JOIN organisation USING (id)
        """,
        (json.dumps(list(organisation_ids)),),
    )
    return [_organisation(row) for row in rows]


def _organisation(row: sqlite3.Row) -> Organisation:
    return Organisation(row["id"], row["kind"], row["parent_id"], row["merged_into"], from_ms(row["at"]))


def _name(row: sqlite3.Row) -> Name:
    return Name(row["id"], row["organisation_id"], bool(row["main"]), row["sealed"])


def _place(name_id: str) -> str:
    return f"organisation_name/sealed/{name_id}"
