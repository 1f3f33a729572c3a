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
    """Every case with its last decision, verdict and disclosure, in the order in which they were opened."""
    return connection.execute(
        """
        SELECT cases.*, last.outcome, last.automated, last.decided_by, last.reason_code,
            coalesce(judged.rule_id, last.rule_id) AS rule_id,
            coalesce(told.disclosed, last.disclosed) AS disclosed,
            coalesce(told.version, last.disclosure_version) AS disclosure_version
        FROM cases
        LEFT JOIN decision AS last ON last.id = (
            SELECT id FROM decision WHERE case_id = cases.id ORDER BY rowid DESC LIMIT 1
        )
        LEFT JOIN verdict AS judged ON judged.id = (
            SELECT id FROM verdict WHERE case_id = cases.id ORDER BY rowid DESC LIMIT 1
        )
        LEFT JOIN disclosure AS told ON told.id = (
            SELECT id FROM disclosure WHERE case_id = cases.id ORDER BY version DESC LIMIT 1
        )
        ORDER BY cases.opened_at, cases.rowid
        """
    ).fetchall()
