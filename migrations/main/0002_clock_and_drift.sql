-- Reason: time and drift. Requests that nobody goes on with close; people may be reminded; access
-- that was given or taken by hand is seen; waves of joins; effects that a missing right holds up.
--
-- `cases` and `task` are made anew, because a CHECK cannot be changed in place. Foreign keys are off
-- meanwhile and checked before the commit.

CREATE TABLE cases_anew (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    subject_id TEXT NOT NULL REFERENCES subject (id),
    sheet_id TEXT REFERENCES sheet (id) DEFERRABLE INITIALLY DEFERRED,
    state TEXT NOT NULL CHECK (state IN (
        'waiting', 'answering', 'held', 'admitted', 'declined', 'redirected', 'withdrawn', 'left', 'lapsed'
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
    -- When the case closes by itself; only while the next step is the person's.
    lapse_at INTEGER,
    -- When the person is reminded next; only of somebody who asked for it.
    remind_at INTEGER,
    reminders INTEGER NOT NULL DEFAULT 0,
    may_remind_at INTEGER,
    -- Since when a person has taken back the access that was decided.
    taken_back_at INTEGER,
    -- 1: Discord's own screening is not passed yet, so that the role has to wait.
    pending INTEGER NOT NULL DEFAULT 0 CHECK (pending IN (0, 1)),
    -- 1: Discord's AutoMod blocks the person because of their name.
    automod INTEGER NOT NULL DEFAULT 0 CHECK (automod IN (0, 1)),
    -- The wave of joins that the person came with.
    wave_id TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    CHECK (state NOT IN ('admitted', 'declined', 'redirected') OR decision_id IS NOT NULL),
    CHECK (state <> 'held' OR (hold_reason IS NOT NULL AND held_at IS NOT NULL)),
    CHECK ((state IN ('waiting', 'answering', 'held')) = (closed_at IS NULL)),
    CHECK (lapse_at IS NULL OR state IN ('waiting', 'answering')),
    CHECK (remind_at IS NULL OR (state = 'answering' AND may_remind_at IS NOT NULL)),
    CHECK (taken_back_at IS NULL OR state = 'admitted')
) STRICT;

-- Nobody who was in the middle of it when the clock came loses time by that.
INSERT INTO cases_anew (
    id, code, subject_id, sheet_id, state, hold_reason, locale, opened_at, last_activity_at, held_at,
    target_at, closed_at, wants_person_at, listed, decision_id, gone_at, wiped_at, lapse_at, version
)
SELECT
    id, code, subject_id, sheet_id, state, hold_reason, locale, opened_at, last_activity_at, held_at,
    target_at, closed_at, wants_person_at, listed, decision_id, gone_at, wiped_at,
    CASE WHEN state IN ('waiting', 'answering') AND wants_person_at IS NULL
        THEN (CAST(strftime('%s', 'now') AS INTEGER) + 7 * 86400) * 1000 END,
    version
FROM cases;

DROP TABLE cases;
ALTER TABLE cases_anew RENAME TO cases;

CREATE UNIQUE INDEX one_open_case ON cases (subject_id) WHERE state IN ('waiting', 'answering', 'held');
CREATE UNIQUE INDEX case_of_sheet ON cases (sheet_id) WHERE sheet_id IS NOT NULL;
CREATE INDEX case_of_subject ON cases (subject_id, opened_at);
CREATE INDEX case_held ON cases (target_at, held_at) WHERE state = 'held';
CREATE INDEX case_unanswered ON cases (opened_at)
    WHERE state IN ('waiting', 'answering') AND listed = 1 AND wants_person_at IS NULL;
CREATE INDEX case_wanting_person ON cases (wants_person_at)
    WHERE wants_person_at IS NOT NULL AND state IN ('waiting', 'answering', 'held');
CREATE INDEX case_closed ON cases (closed_at)
    WHERE wiped_at IS NULL AND state IN ('declined', 'redirected', 'withdrawn', 'left', 'lapsed');
CREATE INDEX case_gone ON cases (gone_at) WHERE wiped_at IS NULL AND gone_at IS NOT NULL;
CREATE INDEX case_due ON cases (target_at)
    WHERE target_at IS NOT NULL AND state IN ('waiting', 'answering', 'held');
CREATE INDEX case_to_lapse ON cases (lapse_at) WHERE lapse_at IS NOT NULL;
CREATE INDEX case_to_remind ON cases (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX case_of_wave ON cases (wave_id, lapse_at) WHERE wave_id IS NOT NULL;
CREATE INDEX case_opened ON cases (opened_at);
-- Whom the server should have inside, or at the door: what a look at the server is compared with.
CREATE INDEX case_present ON cases (id)
    WHERE state IN ('waiting', 'answering', 'held') OR (state = 'admitted' AND gone_at IS NULL);

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

CREATE TABLE task_anew (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN (
        'paid_link_now', 'undisclosed_now', 'access_taken', 'access_given', 'unrecorded_role'
    )),
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;

INSERT INTO task_anew SELECT id, kind, subject_id, opened_at, closed_at, closed_by FROM task;
DROP TABLE task;
ALTER TABLE task_anew RENAME TO task;

CREATE INDEX task_open ON task (opened_at) WHERE closed_at IS NULL;
CREATE INDEX task_of_subject ON task (subject_id);

-- When a person was last sent a message: nobody gets two in a day.
ALTER TABLE subject ADD COLUMN told_at INTEGER;

-- The count of wishes when an attempt was last begun: whether Discord may have done it already.
ALTER TABLE effect ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
ALTER TABLE effect ADD COLUMN begun_at INTEGER;

-- A kind of effect that a missing right or a missing role holds up. One of it is tried now and then.
CREATE TABLE stopped (
    kind TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    since INTEGER NOT NULL,
    probe_at INTEGER NOT NULL,
    probes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Members from before the bot, who keep their access and are asked in groups.
CREATE TABLE earlier_member (
    subject_id TEXT PRIMARY KEY REFERENCES subject (id) ON DELETE CASCADE,
    noted_at INTEGER NOT NULL,
    asked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX earlier_member_to_ask ON earlier_member (noted_at) WHERE asked_at IS NULL;

-- When something about the whole gate last happened, such as a sweep.
CREATE TABLE mark (
    name TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    since INTEGER NOT NULL,
    by_subject TEXT NOT NULL
) STRICT;

-- Many people joining at once.
CREATE TABLE wave (
    id TEXT PRIMARY KEY,
    began_at INTEGER NOT NULL,
    last_join_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE UNIQUE INDEX one_wave ON wave ((1)) WHERE ended_at IS NULL;
