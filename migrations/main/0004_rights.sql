-- Reason: people's own data, short lives, and a log that cannot be quietly rewritten. Erasures that
-- are on their way, errands left by them, messages that were sent, who read what, sealed stretches
-- of the log and its end.

-- The end of the log, so that a line that is missing there is missed; `epoch` is the stretch that is
-- written to. Up to `unchecked`, deletions left no line of their own.
CREATE TABLE log_head (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    unchecked INTEGER NOT NULL
) STRICT;

INSERT INTO log_head
SELECT 1, coalesce(max(seq), 0),
    coalesce((SELECT hash FROM event ORDER BY seq DESC LIMIT 1), zeroblob(32)), 1, coalesce(max(seq), 0)
FROM event;

CREATE TRIGGER log_head_only_forward BEFORE UPDATE ON log_head
WHEN NEW.seq < OLD.seq OR NEW.epoch < OLD.epoch OR NEW.unchecked <> OLD.unchecked
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

-- A stretch of the log that is closed: its ends, and how often what happened. It outlives its lines.
CREATE TABLE seal (
    epoch INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- The hash of the line before the first, and of the last.
    before BLOB NOT NULL,
    head BLOB NOT NULL,
    totals TEXT NOT NULL CHECK (json_valid(totals)),
    at INTEGER NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    CHECK (last_seq >= first_seq)
) STRICT;

CREATE TRIGGER seal_no_update BEFORE UPDATE ON seal
BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END;
CREATE TRIGGER seal_no_delete BEFORE DELETE ON seal
BEGIN SELECT RAISE(ABORT, 'seal is append-only'); END;

-- Lines go with their whole stretch, once it is sealed. The permit names the stretch.
DROP TRIGGER event_no_delete;
DROP TRIGGER event_permit_used;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
WHEN NOT EXISTS (SELECT 1 FROM permit WHERE table_name = 'event' AND row_id = CAST(OLD.epoch AS TEXT))
    OR NOT EXISTS (SELECT 1 FROM seal WHERE seal.epoch = OLD.epoch)
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;

CREATE INDEX event_of_epoch ON event (epoch, seq);

CREATE TRIGGER event_payload_no_update BEFORE UPDATE ON event_payload
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;

-- Who looked at what is kept about somebody, and what for.
CREATE TABLE access (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    -- A moderator's subject id, or `operator`.
    actor TEXT NOT NULL,
    -- Whose; NULL: everybody's.
    subject_id TEXT REFERENCES subject (id) ON DELETE CASCADE,
    case_id TEXT,
    action TEXT NOT NULL CHECK (action IN ('open', 'history', 'search', 'export', 'rights')),
    purpose TEXT NOT NULL CHECK (purpose IN ('review', 'task', 'conversation', 'export', 'rights'))
) STRICT;

CREATE INDEX access_to ON access (subject_id, at);
CREATE INDEX access_by ON access (actor, at);
CREATE INDEX access_at ON access (at);

-- Messages about a person that the bot sent: channel and message, sealed.
CREATE TABLE sent_message (
    id TEXT PRIMARY KEY,
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    case_id TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('letter', 'reminder', 'notice')),
    sealed BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX sent_message_to ON sent_message (subject_id);

-- An erasure whose rows are gone, and whose line in the ledger and key may not be done yet.
CREATE TABLE erasure (
    id TEXT PRIMARY KEY,
    what TEXT NOT NULL CHECK (what IN ('person', 'case', 'rest', 'consent')),
    subject_id TEXT NOT NULL,
    case_id TEXT NOT NULL DEFAULT '',
    key_id TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT;

-- What is left to do in Discord for somebody of whom nothing is kept any more, sealed with a key of
-- its own that goes with the last errand.
CREATE TABLE errand (
    id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    -- Whose member role is being taken back, so that it is not taken for one given by hand.
    lookup BLOB,
    sealed BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX errand_of_key ON errand (key_id);
CREATE INDEX errand_about ON errand (lookup) WHERE lookup IS NOT NULL;
CREATE INDEX errand_at ON errand (at);

-- People whose request a person had to see to, and who have had everything deleted: until then a
-- person looks again. A keyed hash, and nothing else.
CREATE TABLE suppression_key (
    lookup BLOB PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX suppression_until ON suppression_key (until);

-- Versions of somebody's disclosure that a later one took the place of, and since when.
CREATE TABLE superseded (
    disclosure_id TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX superseded_at ON superseded (at);

INSERT INTO superseded
SELECT older.id, newer.at FROM disclosure AS older
JOIN disclosure AS newer ON newer.subject_id = older.subject_id AND newer.version = older.version + 1;

-- What is deleted is replaced by nothing, and the newest version that is left is current again.
CREATE TRIGGER superseded_as_it_stands AFTER DELETE ON disclosure
BEGIN
    DELETE FROM superseded WHERE disclosure_id = OLD.id OR disclosure_id = (
        SELECT id FROM disclosure WHERE subject_id = OLD.subject_id ORDER BY version DESC LIMIT 1
    );
END;

-- Since when nothing that was typed freely is left, of people who were let in.
ALTER TABLE cases ADD COLUMN trimmed_at INTEGER;
ALTER TABLE sheet ADD COLUMN trimmed_at INTEGER;

CREATE INDEX case_to_trim ON cases (closed_at)
    WHERE state = 'admitted' AND trimmed_at IS NULL AND wiped_at IS NULL;
CREATE INDEX sheet_to_trim ON sheet (sent_at)
    WHERE source = 'update' AND trimmed_at IS NULL AND sent_at IS NOT NULL;
CREATE INDEX case_ended ON cases (closed_at)
    WHERE state IN ('declined', 'redirected', 'withdrawn', 'left', 'lapsed');
-- Requests that ended with nobody of the team having had to do with them.
CREATE INDEX case_untouched ON cases (closed_at)
    WHERE held_at IS NULL AND wants_person_at IS NULL AND state IN ('withdrawn', 'left', 'lapsed');
DROP INDEX case_closed;
CREATE INDEX case_to_wipe ON cases (closed_at)
    WHERE wiped_at IS NULL AND state IN ('withdrawn', 'left', 'lapsed');
DROP INDEX case_gone;
CREATE INDEX case_gone ON cases (gone_at) WHERE gone_at IS NOT NULL;
-- Deleting a decision looks for cases that name it.
CREATE INDEX case_of_decision ON cases (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX case_wave_opened ON cases (opened_at) WHERE wave_id IS NOT NULL;
-- Access that was ended, of people who may still be there.
CREATE INDEX case_access_ended ON cases (max(coalesce(taken_back_at, 0), coalesce(wiped_at, 0)))
    WHERE state = 'admitted' AND (taken_back_at IS NOT NULL OR wiped_at IS NOT NULL);
CREATE INDEX wave_over ON wave (ended_at) WHERE ended_at IS NOT NULL;

-- Whether somebody is still needed: for a draft of theirs, or a notice that names them.
CREATE INDEX proposal_of_moderator ON proposal (moderator_id);
CREATE INDEX effect_to_say ON effect (id) WHERE kind = 'notice' AND state <> 'done';
