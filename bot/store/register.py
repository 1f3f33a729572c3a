"""Everything in order, for exports."""

import sqlite3


def disclosures(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    """Every disclosure with its case code, in the order in which they were logged."""
    return connection.execute(
        """
        SELECT disclosure.*, cases.code FROM disclosure LEFT JOIN cases ON cases.id = disclosure.case_id
        ORDER BY disclosure.at, disclosure.rowid
        """
    ).fetchall()


def cases(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    """Every case with its last decision, in the order in which they were opened."""
    return connection.execute(
        """
        SELECT cases.*, last.outcome, last.automated, last.decided_by, last.reason_code, last.rule_id,
            last.disclosed, last.disclosure_version
        FROM cases LEFT JOIN decision AS last ON last.id = (
            SELECT id FROM decision WHERE case_id = cases.id ORDER BY at DESC, rowid DESC LIMIT 1
        )
        ORDER BY cases.opened_at, cases.rowid
        """
    ).fetchall()
