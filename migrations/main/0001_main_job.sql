-- Reason: the main job. People and their cases, the questionnaire they answer, what they disclose,
-- what is decided, the effects that follow, and the event log.
--
-- Codes, states, times (milliseconds since 1970, UTC) and random ids are plain. What a person typed,
-- and Discord ids of people, lie in `sealed` columns of rows that can be deleted.

CREATE TABLE questionnaire (
    hash TEXT PRIMARY KEY,
    snapshot TEXT NOT NULL,
    first_used_at INTEGER NOT NULL
) STRICT;

CREATE TABLE notice (
    hash TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    first_used_at INTEGER NOT NULL
) STRICT;

-- Names this database and its keys.db as belonging together.
CREATE TABLE pair (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    id TEXT NOT NULL
) STRICT;

CREATE TABLE subject (
    id TEXT PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE,
    key_id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE identity (
    subject_id TEXT PRIMARY KEY REFERENCES subject (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE sheet (
    id TEXT PRIMARY KEY,
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    source TEXT NOT NULL CHECK (source IN ('gate', 'conversation', 'update')),
    questionnaire_hash TEXT NOT NULL REFERENCES questionnaire (hash),
    opened_at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT;

CREATE INDEX sheet_of_subject ON sheet (subject_id);

CREATE TABLE entry (
    id TEXT PRIMARY KEY,
    sheet_id TEXT NOT NULL REFERENCES sheet (id) ON DELETE CASCADE,
    page_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    saved_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;

CREATE INDEX entry_of_sheet ON entry (sheet_id, ordinal);

CREATE TABLE answer (
    entry_id TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    field_id TEXT NOT NULL,
    codes TEXT NOT NULL CHECK (json_valid(codes)),
    PRIMARY KEY (entry_id, field_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer_text (
    entry_id TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    field_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (entry_id, field_id)
) STRICT, WITHOUT ROWID;

-- An open form. Its entry comes into being when the form is first submitted.
CREATE TABLE form (
    ref TEXT PRIMARY KEY,
    sheet_id TEXT NOT NULL REFERENCES sheet (id) ON DELETE CASCADE,
    page_id TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    minted_at INTEGER NOT NULL
) STRICT;

CREATE INDEX form_of_sheet ON form (sheet_id, page_id, minted_at);

CREATE TABLE decision (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('admit', 'hold', 'redirect', 'decline')),
    automated INTEGER NOT NULL CHECK (automated IN (0, 1)),
    decided_by TEXT,
    reason_code TEXT,
    rule_id TEXT,
    disclosed TEXT CHECK (disclosed IN ('none', 'some', 'undisclosed')),
    disclosure_version INTEGER,
    questionnaire_hash TEXT,
    at INTEGER NOT NULL,
    CHECK (automated = 0 OR outcome IN ('admit', 'hold')),
    CHECK (automated = 1 OR decided_by IS NOT NULL),
    CHECK (outcome <> 'admit' OR (disclosed IS NOT NULL AND disclosed IN ('none', 'some'))),
    CHECK (outcome NOT IN ('redirect', 'decline') OR reason_code IS NOT NULL)
) STRICT;

CREATE INDEX decision_of_case ON decision (case_id, at);
CREATE INDEX decision_of_moderator ON decision (decided_by) WHERE decided_by IS NOT NULL;

CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    subject_id TEXT NOT NULL REFERENCES subject (id),
    sheet_id TEXT REFERENCES sheet (id) DEFERRABLE INITIALLY DEFERRED,
    state TEXT NOT NULL CHECK (state IN (
        'waiting', 'answering', 'held', 'admitted', 'declined', 'redirected', 'withdrawn', 'left'
    )),
    hold_reason TEXT,
    locale TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    held_at INTEGER,
    target_at INTEGER,
    closed_at INTEGER,
    wants_person_at INTEGER,
    -- 0: on no list and never reminded, without saying why.
    listed INTEGER NOT NULL DEFAULT 1 CHECK (listed IN (0, 1)),
    decision_id TEXT REFERENCES decision (id) DEFERRABLE INITIALLY DEFERRED,
    -- Since when somebody who was admitted has been away from the server.
    gone_at INTEGER,
    -- Since when nothing of what the person told is left in the case.
    wiped_at INTEGER,
    version INTEGER NOT NULL DEFAULT 0,
    CHECK (state NOT IN ('admitted', 'declined', 'redirected') OR decision_id IS NOT NULL),
    CHECK (state <> 'held' OR (hold_reason IS NOT NULL AND held_at IS NOT NULL)),
    CHECK ((state IN ('waiting', 'answering', 'held')) = (closed_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX one_open_case ON cases (subject_id) WHERE state IN ('waiting', 'answering', 'held');
CREATE UNIQUE INDEX case_of_sheet ON cases (sheet_id) WHERE sheet_id IS NOT NULL;
CREATE INDEX case_of_subject ON cases (subject_id, opened_at);
CREATE INDEX case_held ON cases (target_at, held_at) WHERE state = 'held';
CREATE INDEX case_unanswered ON cases (opened_at)
    WHERE state IN ('waiting', 'answering') AND listed = 1 AND wants_person_at IS NULL;
CREATE INDEX case_wanting_person ON cases (wants_person_at)
    WHERE wants_person_at IS NOT NULL AND state IN ('waiting', 'answering', 'held');
CREATE INDEX case_closed ON cases (closed_at)
    WHERE wiped_at IS NULL AND state IN ('declined', 'redirected', 'withdrawn', 'left');
CREATE INDEX case_gone ON cases (gone_at) WHERE wiped_at IS NULL AND gone_at IS NOT NULL;
CREATE INDEX case_due ON cases (target_at)
    WHERE target_at IS NOT NULL AND state IN ('waiting', 'answering', 'held');

-- Access comes only from a recorded decision.
CREATE TRIGGER case_admitted_by_decision BEFORE UPDATE OF state ON cases
WHEN NEW.state = 'admitted' AND OLD.state <> 'admitted' AND NOT EXISTS (
    SELECT 1 FROM decision
    WHERE decision.id = NEW.decision_id AND decision.case_id = NEW.id AND decision.outcome = 'admit'
)
BEGIN
    SELECT RAISE(ABORT, 'admission without a decision');
END;

CREATE TRIGGER case_never_begins_admitted BEFORE INSERT ON cases WHEN NEW.state NOT IN ('waiting', 'answering')
BEGIN
    SELECT RAISE(ABORT, 'a case begins waiting or answering');
END;

CREATE TABLE consent (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    notice_hash TEXT NOT NULL REFERENCES notice (hash),
    given_at INTEGER NOT NULL
) STRICT;

CREATE INDEX consent_of_case ON consent (case_id);

-- The append-only tables refuse UPDATE, and refuse DELETE without a permit from the same transaction.
CREATE TABLE permit (
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    PRIMARY KEY (table_name, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE disclosure (
    id TEXT PRIMARY KEY,
    subject_id TEXT NOT NULL,
    case_id TEXT,
    version INTEGER NOT NULL CHECK (version > 0),
    disclosed TEXT NOT NULL CHECK (disclosed IN ('none', 'some', 'undisclosed')),
    gap TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('gate', 'conversation', 'update')),
    questionnaire_hash TEXT NOT NULL REFERENCES questionnaire (hash),
    at INTEGER NOT NULL,
    UNIQUE (subject_id, version),
    CHECK ((disclosed = 'undisclosed') = (gap <> ''))
) STRICT;

CREATE INDEX disclosure_of_case ON disclosure (case_id, version);

CREATE TABLE interest (
    id TEXT PRIMARY KEY,
    disclosure_id TEXT NOT NULL REFERENCES disclosure (id),
    ordinal INTEGER NOT NULL,
    category TEXT NOT NULL,
    holder TEXT NOT NULL CHECK (holder IN ('self', 'family')),
    capacity TEXT NOT NULL,
    period TEXT NOT NULL,
    reporting_duty TEXT NOT NULL,
    instructed TEXT NOT NULL,
    UNIQUE (disclosure_id, ordinal)
) STRICT;

CREATE TABLE interest_code (
    interest_id TEXT NOT NULL REFERENCES interest (id),
    kind TEXT NOT NULL CHECK (kind IN ('relationship', 'purpose', 'data_use')),
    code TEXT NOT NULL,
    PRIMARY KEY (interest_id, kind, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE interest_text (
    interest_id TEXT NOT NULL,
    field TEXT NOT NULL CHECK (field IN ('organisation', 'on_behalf_of', 'goal')),
    sealed BLOB NOT NULL,
    PRIMARY KEY (interest_id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    disclosure_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    rules_hash TEXT NOT NULL,
    rule TEXT NOT NULL CHECK (json_valid(rule)),
    proposal TEXT NOT NULL CHECK (proposal IN ('page', 'hold', 'admit')),
    reason TEXT NOT NULL,
    facts TEXT NOT NULL CHECK (json_valid(facts)),
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX verdict_of_case ON verdict (case_id, at);

-- What a moderator is about to send, waiting for its preview to be confirmed.
CREATE TABLE proposal (
    ref TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    case_version INTEGER NOT NULL,
    moderator_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('redirect', 'decline')),
    reason_code TEXT NOT NULL,
    sealed BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX proposal_of_case ON proposal (case_id);

-- A file as one moderator opened it: its buttons act on the version that was read.
CREATE TABLE file_view (
    ref TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    case_version INTEGER NOT NULL,
    moderator_id TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX file_view_of_case ON file_view (case_id, moderator_id);
CREATE INDEX file_view_of_moderator ON file_view (moderator_id);

-- What a person is told about a decision. The sentence a moderator wrote is sealed.
CREATE TABLE letter (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    decision_id TEXT NOT NULL,
    sealed BLOB,
    delivery TEXT NOT NULL CHECK (delivery IN ('pending', 'arrived', 'closed', 'gone', 'shown')),
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX letter_of_case ON letter (case_id, at);

CREATE TABLE card (
    case_id TEXT PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    shown_hash TEXT NOT NULL
) STRICT;

CREATE TABLE panel (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    message_id INTEGER NOT NULL,
    shown_hash TEXT NOT NULL
) STRICT;

CREATE TABLE effect (
    id INTEGER PRIMARY KEY,
    -- What a button may carry; the id would tell how many there were.
    ref TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(13)))),
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    case_id TEXT,
    target TEXT NOT NULL DEFAULT '',
    -- Counts how often it was wanted: an attempt that began before the last wish does not settle it.
    wanted INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'stuck')),
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_code TEXT NOT NULL DEFAULT '',
    wanted_at INTEGER NOT NULL
) STRICT;

CREATE INDEX effect_due ON effect (due_at) WHERE state = 'pending';
CREATE INDEX effect_stuck ON effect (id) WHERE state = 'stuck';
CREATE INDEX effect_of_case ON effect (case_id);

-- Something a moderator should look at that is no case.
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('paid_link_now', 'undisclosed_now')),
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;

CREATE INDEX task_open ON task (opened_at) WHERE closed_at IS NULL;
CREATE INDEX task_of_subject ON task (subject_id);

-- The event log: each line holds the hash of the one before and a salted commitment to its payload.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    commitment BLOB NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE INDEX event_of_object ON event (object_id, seq);

CREATE TABLE event_payload (
    seq INTEGER PRIMARY KEY,
    salt BLOB NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;

CREATE TABLE counter (
    month TEXT NOT NULL,
    metric TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (month, metric)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure
BEGIN SELECT RAISE(ABORT, 'disclosure is append-only'); END;
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure
WHEN NOT EXISTS (SELECT 1 FROM permit WHERE table_name = 'disclosure' AND row_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'disclosure is append-only'); END;
CREATE TRIGGER disclosure_permit_used AFTER DELETE ON disclosure
BEGIN DELETE FROM permit WHERE table_name = 'disclosure' AND row_id = OLD.id; END;

CREATE TRIGGER interest_no_update BEFORE UPDATE ON interest
BEGIN SELECT RAISE(ABORT, 'interest is append-only'); END;
CREATE TRIGGER interest_no_delete BEFORE DELETE ON interest
WHEN NOT EXISTS (SELECT 1 FROM permit WHERE table_name = 'disclosure' AND row_id = OLD.disclosure_id)
BEGIN SELECT RAISE(ABORT, 'interest is append-only'); END;

CREATE TRIGGER interest_code_no_update BEFORE UPDATE ON interest_code
BEGIN SELECT RAISE(ABORT, 'interest is append-only'); END;
CREATE TRIGGER interest_code_no_delete BEFORE DELETE ON interest_code
WHEN NOT EXISTS (
    SELECT 1 FROM interest JOIN permit ON permit.row_id = interest.disclosure_id
    WHERE interest.id = OLD.interest_id AND permit.table_name = 'disclosure'
)
BEGIN SELECT RAISE(ABORT, 'interest is append-only'); END;

CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision
WHEN NOT EXISTS (SELECT 1 FROM permit WHERE table_name = 'decision' AND row_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_permit_used AFTER DELETE ON decision
BEGIN DELETE FROM permit WHERE table_name = 'decision' AND row_id = OLD.id; END;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
WHEN NOT EXISTS (SELECT 1 FROM permit WHERE table_name = 'event' AND row_id = CAST(OLD.seq AS TEXT))
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_permit_used AFTER DELETE ON event
BEGIN DELETE FROM permit WHERE table_name = 'event' AND row_id = CAST(OLD.seq AS TEXT); END;
