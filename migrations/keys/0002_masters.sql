-- Reason: each row says which master key wraps it, so that the master key can be replaced while the
-- bot runs.

CREATE TABLE master (
    -- Tells master keys apart, and nothing about them: the start of a keyed hash.
    id TEXT PRIMARY KEY,
    -- New keys are wrapped with the current one. There is an old one while it is being replaced.
    state TEXT NOT NULL CHECK (state IN ('current', 'old')),
    -- This master, wrapped with the other one, while both are in use.
    bridge BLOB
) STRICT;

CREATE UNIQUE INDEX master_of_state ON master (state);

-- Empty: wrapped before masters had ids, or by a version of the bot that knows none.
ALTER TABLE secret ADD COLUMN master_id TEXT NOT NULL DEFAULT '';
ALTER TABLE person_key ADD COLUMN master_id TEXT NOT NULL DEFAULT '';
