-- Reason: one key per person, and the secrets of the community, each wrapped with the master key.

CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE person_key (
    id TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL,
    -- 1 once the key has been seen in use; what is not settled after a crash may belong to no one.
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1))
) STRICT;

CREATE INDEX person_key_unsettled ON person_key (id) WHERE settled = 0;
