-- Reason: one key per person, and the secrets of the community, each wrapped with the master key.

-- Names the database that these keys belong to.
CREATE TABLE pair (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    id TEXT NOT NULL
) STRICT;

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
