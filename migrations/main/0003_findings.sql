-- Reason: findings about the server's layout are told once, until they change.
--
-- One row for each finding that stands. Names of channels and roles are those of the server; nothing
-- here is about a person.

CREATE TABLE finding (
    fingerprint TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    opens INTEGER NOT NULL CHECK (opens IN (0, 1)),
    -- What the sentences name, as JSON.
    details TEXT NOT NULL CHECK (json_valid(details)),
    -- Findings that were new in the same look are told together.
    batch TEXT NOT NULL,
    found_at INTEGER NOT NULL
) STRICT;

CREATE INDEX finding_batch ON finding (batch);
