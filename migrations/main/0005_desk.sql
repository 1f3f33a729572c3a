-- Reason: the moderators' desk. Who has a case, questions to the applicant, decisions that take two
-- people, conditions, appeals, concerns, moderators' own interests and what they keep them from.
--
-- `cases`, `decision`, `task`, `access` and `sent_message` are made anew, because a CHECK cannot be
-- changed in place.

CREATE TABLE decision_anew (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN (
        'admit', 'hold', 'redirect', 'decline', 'reopen', 'suspend', 'remove'
    )),
    automated INTEGER NOT NULL CHECK (automated IN (0, 1)),
    decided_by TEXT,
    reason_code TEXT,
    rule_id TEXT,
    disclosed TEXT CHECK (disclosed IN ('none', 'some', 'undisclosed')),
    disclosure_version INTEGER,
    questionnaire_hash TEXT,
    at INTEGER NOT NULL,
    -- Through how many hands it went. `waited`: one person, after the wait of a small team.
    hands TEXT NOT NULL DEFAULT 'one' CHECK (hands IN ('one', 'two', 'waited')),
    -- The second person.
    confirmed_by TEXT,
    -- The decision that this one takes back, or answers an appeal against.
    supersedes TEXT,
    CHECK (automated = 0 OR outcome IN ('admit', 'hold')),
    CHECK (automated = 1 OR decided_by IS NOT NULL),
    CHECK (outcome <> 'admit' OR (disclosed IS NOT NULL AND disclosed IN ('none', 'some'))),
    CHECK (outcome NOT IN ('redirect', 'decline', 'reopen', 'suspend', 'remove') OR reason_code IS NOT NULL),
    CHECK ((hands = 'two') = (confirmed_by IS NOT NULL)),
    CHECK (confirmed_by IS NULL OR confirmed_by <> decided_by)
) STRICT;

INSERT INTO decision_anew (
    id, case_id, outcome, automated, decided_by, reason_code, rule_id, disclosed, disclosure_version,
    questionnaire_hash, at
)
SELECT id, case_id, outcome, automated, decided_by, reason_code, rule_id, disclosed, disclosure_version,
    questionnaire_hash, at
FROM decision ORDER BY rowid;

CREATE TABLE cases_anew (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    subject_id TEXT NOT NULL REFERENCES subject (id),
    sheet_id TEXT REFERENCES sheet (id) DEFERRABLE INITIALLY DEFERRED,
    state TEXT NOT NULL CHECK (state IN (
        'waiting', 'answering', 'held', 'admitted', 'declined', 'redirected', 'removed', 'withdrawn', 'left',
        'lapsed'
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
    -- Since when nothing that was typed freely is left, of people who were let in.
    trimmed_at INTEGER,
    -- Since when a held case waits for the applicant to answer a question, until when, and how much of
    -- the team's own time was left (milliseconds).
    asked_at INTEGER,
    answer_by INTEGER,
    target_left INTEGER,
    -- By when a second person is to confirm what was proposed, or the wait of a small team is over.
    second_by INTEGER,
    -- Since when nobody of the team may decide this case.
    blocked_at INTEGER,
    -- How many people its admission takes.
    confirm TEXT NOT NULL DEFAULT 'one' CHECK (confirm IN ('one', 'two')),
    -- The time that the team has been told is past, so that it hears of each one once.
    told_due INTEGER,
    -- Whose turn it is, since when and until when: the lists of the queue. As `bot/review/next_step.py`.
    step TEXT GENERATED ALWAYS AS (
        CASE
            WHEN state NOT IN ('waiting', 'answering', 'held') THEN CASE WHEN second_by IS NOT NULL THEN 'second' END
            WHEN blocked_at IS NOT NULL AND lapse_at IS NULL THEN 'blocked'
            WHEN second_by IS NOT NULL THEN 'second'
            WHEN asked_at IS NOT NULL THEN CASE WHEN wants_person_at > asked_at THEN 'talk' ELSE 'asked' END
            WHEN state = 'held' THEN 'decide'
            WHEN lapse_at IS NULL THEN 'talk'
            WHEN listed = 1 THEN 'unanswered'
            ELSE 'aside'
        END
    ) VIRTUAL,
    step_since INTEGER GENERATED ALWAYS AS (
        CASE step
            WHEN 'blocked' THEN blocked_at
            WHEN 'second' THEN coalesce(held_at, wants_person_at, opened_at)
            WHEN 'asked' THEN asked_at
            WHEN 'decide' THEN held_at
            WHEN 'talk' THEN coalesce(wants_person_at, opened_at)
            WHEN 'unanswered' THEN opened_at
            WHEN 'aside' THEN opened_at
        END
    ) VIRTUAL,
    step_due INTEGER GENERATED ALWAYS AS (
        CASE step
            WHEN 'second' THEN second_by
            WHEN 'asked' THEN answer_by
            WHEN 'unanswered' THEN coalesce(lapse_at, opened_at)
            WHEN 'aside' THEN coalesce(lapse_at, opened_at)
            WHEN 'blocked' THEN coalesce(target_at, step_since)
            WHEN 'decide' THEN coalesce(target_at, step_since)
            WHEN 'talk' THEN coalesce(target_at, step_since)
        END
    ) VIRTUAL,
    CHECK (state NOT IN ('admitted', 'declined', 'redirected', 'removed') OR decision_id IS NOT NULL),
    CHECK (state <> 'held' OR (hold_reason IS NOT NULL AND held_at IS NOT NULL)),
    CHECK ((state IN ('waiting', 'answering', 'held')) = (closed_at IS NULL)),
    CHECK (lapse_at IS NULL OR state IN ('waiting', 'answering')),
    CHECK (remind_at IS NULL OR (state = 'answering' AND may_remind_at IS NOT NULL)),
    CHECK (taken_back_at IS NULL OR state = 'admitted'),
    CHECK ((asked_at IS NULL) = (answer_by IS NULL)),
    CHECK (asked_at IS NULL OR state = 'held')
) STRICT;

INSERT INTO cases_anew (
    id, code, subject_id, sheet_id, state, hold_reason, locale, opened_at, last_activity_at, held_at,
    target_at, closed_at, wants_person_at, listed, decision_id, gone_at, wiped_at, lapse_at, remind_at,
    reminders, may_remind_at, taken_back_at, pending, automod, wave_id, version, trimmed_at
)
SELECT
    id, code, subject_id, sheet_id, state, hold_reason, locale, opened_at, last_activity_at, held_at,
    target_at, closed_at, wants_person_at, listed, decision_id, gone_at, wiped_at, lapse_at, remind_at,
    reminders, may_remind_at, taken_back_at, pending, automod, wave_id, version, trimmed_at
FROM cases ORDER BY rowid;

DROP TABLE cases;
DROP TABLE decision;
ALTER TABLE decision_anew RENAME TO decision;
ALTER TABLE cases_anew RENAME TO cases;

CREATE INDEX decision_of_case ON decision (case_id, at);
CREATE INDEX decision_of_moderator ON decision (decided_by) WHERE decided_by IS NOT NULL;
CREATE INDEX decision_confirmed ON decision (confirmed_by) WHERE confirmed_by IS NOT NULL;
CREATE INDEX decision_at ON decision (at) WHERE automated = 0;

CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision
WHEN NOT EXISTS (SELECT 1 FROM permit WHERE table_name = 'decision' AND row_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_permit_used AFTER DELETE ON decision
BEGIN DELETE FROM permit WHERE table_name = 'decision' AND row_id = OLD.id; END;

CREATE UNIQUE INDEX one_open_case ON cases (subject_id) WHERE state IN ('waiting', 'answering', 'held');
CREATE UNIQUE INDEX case_of_sheet ON cases (sheet_id) WHERE sheet_id IS NOT NULL;
CREATE INDEX case_of_subject ON cases (subject_id, opened_at);
CREATE INDEX case_of_decision ON cases (decision_id) WHERE decision_id IS NOT NULL;
-- The lists of the queue, what is due first at the top.
CREATE INDEX case_step ON cases (step, step_due, id) WHERE step IS NOT NULL;
-- What is past its time and the team has not heard of.
CREATE INDEX case_untold ON cases (step_due)
    WHERE step IN ('decide', 'talk', 'second', 'blocked') AND told_due IS NOT step_due;
CREATE INDEX case_blocked ON cases (id) WHERE blocked_at IS NOT NULL;
CREATE INDEX case_wanting_person ON cases (wants_person_at)
    WHERE wants_person_at IS NOT NULL AND state IN ('waiting', 'answering', 'held');
CREATE INDEX case_to_lapse ON cases (lapse_at) WHERE lapse_at IS NOT NULL;
CREATE INDEX case_to_remind ON cases (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX case_of_wave ON cases (wave_id, lapse_at) WHERE wave_id IS NOT NULL;
CREATE INDEX case_wave_opened ON cases (opened_at) WHERE wave_id IS NOT NULL;
CREATE INDEX case_opened ON cases (opened_at);
-- Whom the server should have inside, or at the door: what a look at the server is compared with.
CREATE INDEX case_present ON cases (id)
    WHERE state IN ('waiting', 'answering', 'held') OR (state = 'admitted' AND gone_at IS NULL);
CREATE INDEX case_to_trim ON cases (closed_at)
    WHERE state = 'admitted' AND trimmed_at IS NULL AND wiped_at IS NULL;
CREATE INDEX case_ended ON cases (closed_at)
    WHERE state IN ('declined', 'redirected', 'removed', 'withdrawn', 'left', 'lapsed');
-- Requests that ended with nobody of the team having had to do with them.
CREATE INDEX case_untouched ON cases (closed_at)
    WHERE held_at IS NULL AND wants_person_at IS NULL AND state IN ('withdrawn', 'left', 'lapsed');
CREATE INDEX case_to_wipe ON cases (closed_at)
    WHERE wiped_at IS NULL AND state IN ('withdrawn', 'left', 'lapsed');
CREATE INDEX case_gone ON cases (gone_at) WHERE gone_at IS NOT NULL;
-- Access that was ended, of people who may still be there.
CREATE INDEX case_access_ended ON cases (max(coalesce(taken_back_at, 0), coalesce(wiped_at, 0)))
    WHERE state = 'admitted' AND (taken_back_at IS NOT NULL OR wiped_at IS NOT NULL);

-- Access comes only from a recorded decision.
CREATE TRIGGER case_admitted_by_decision BEFORE UPDATE OF state ON cases
WHEN NEW.state = 'admitted' AND OLD.state <> 'admitted' AND NOT EXISTS (
    SELECT 1 FROM decision
    WHERE decision.id = NEW.decision_id AND decision.case_id = NEW.id AND decision.outcome = 'admit'
)
BEGIN
    SELECT RAISE(ABORT, 'admission without a decision');
END;

-- And so does its end, and a case that is opened again.
CREATE TRIGGER case_removed_by_decision BEFORE UPDATE OF state ON cases
WHEN NEW.state = 'removed' AND OLD.state <> 'removed' AND NOT EXISTS (
    SELECT 1 FROM decision
    WHERE decision.id = NEW.decision_id AND decision.case_id = NEW.id AND decision.outcome = 'remove'
)
BEGIN
    SELECT RAISE(ABORT, 'removal without a decision');
END;

CREATE TRIGGER case_opened_again_by_decision BEFORE UPDATE OF state ON cases
WHEN NEW.state = 'held' AND OLD.state IN ('admitted', 'declined', 'redirected', 'removed') AND NOT EXISTS (
    SELECT 1 FROM decision
    WHERE decision.id = NEW.decision_id AND decision.case_id = NEW.id
        AND decision.outcome IN ('reopen', 'suspend')
)
BEGIN
    SELECT RAISE(ABORT, 'opened again without a decision');
END;

-- A step of the case begins anew whether anybody may decide it; and whoever is from outside the team goes
-- with the case, or with the appeal that they were asked about.
CREATE TRIGGER case_blocked_no_more AFTER UPDATE OF state ON cases
WHEN NEW.state <> OLD.state AND NEW.blocked_at IS NOT NULL
BEGIN
    UPDATE cases SET blocked_at = NULL WHERE id = NEW.id;
END;

CREATE TRIGGER outsider_goes_with_case AFTER UPDATE OF closed_at ON cases WHEN NEW.closed_at IS NOT NULL
BEGIN
    DELETE FROM outside_reviewer WHERE case_id = NEW.id;
END;

CREATE TRIGGER case_never_begins_admitted BEFORE INSERT ON cases WHEN NEW.state NOT IN ('waiting', 'answering')
BEGIN
    SELECT RAISE(ABORT, 'a case begins waiting or answering');
END;

-- What a moderator is about to send, waiting for its preview to be confirmed. Drafts do not outlive an
-- upgrade. The text for the person and the conditions are sealed together.
DROP TABLE proposal;
CREATE TABLE proposal (
    ref TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    case_version INTEGER NOT NULL,
    moderator_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('admit', 'redirect', 'decline', 'reopen', 'suspend', 'remove')),
    reason_code TEXT NOT NULL,
    -- The appeal that this answers.
    appeal_id TEXT,
    sealed BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX proposal_of_case ON proposal (case_id);
CREATE INDEX proposal_of_moderator ON proposal (moderator_id);

-- A decision that waits for a second person, or for the wait of a small team to be over.
CREATE TABLE motion (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    -- The version of the file that was read: any change of it voids the motion.
    case_version INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('admit', 'redirect', 'decline', 'reopen', 'suspend', 'remove')),
    reason_code TEXT NOT NULL,
    appeal_id TEXT,
    -- The text for the person and the conditions.
    sealed BLOB NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- 1: nobody else is there to confirm; it is carried when it is due.
    waits INTEGER NOT NULL CHECK (waits IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('open', 'carried', 'void', 'refused', 'withdrawn')),
    -- A void one has none until it is in the log and the team was told.
    closed_at INTEGER,
    CHECK (state <> 'open' OR closed_at IS NULL),
    CHECK (state IN ('open', 'void') OR closed_at IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX one_open_motion ON motion (case_id) WHERE state = 'open';
CREATE INDEX motion_of_case ON motion (case_id, proposed_at);
CREATE INDEX motion_due ON motion (due_at) WHERE state = 'open';
CREATE INDEX motion_by ON motion (proposed_by);
CREATE INDEX motion_void ON motion (case_id) WHERE state = 'void' AND closed_at IS NULL;

-- Any change of the file voids what was proposed on it, whatever changed it.
CREATE TRIGGER case_changed_voids_motion AFTER UPDATE OF version ON cases
WHEN NEW.version <> OLD.version AND OLD.second_by IS NOT NULL
BEGIN
    UPDATE motion SET state = 'void' WHERE case_id = NEW.id AND state = 'open';
    UPDATE cases SET second_by = NULL WHERE id = NEW.id;
END;

-- Who voted, and with which version of their own disclosure.
CREATE TABLE vote (
    motion_id TEXT NOT NULL REFERENCES motion (id) ON DELETE CASCADE,
    moderator_id TEXT NOT NULL,
    vote TEXT NOT NULL CHECK (vote IN ('for', 'against')),
    disclosure_version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (motion_id, moderator_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX vote_by ON vote (moderator_id);

-- What somebody is admitted on: between the team and the person. The wording is sealed.
CREATE TABLE condition (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    decision_id TEXT NOT NULL,
    code TEXT NOT NULL CHECK (code IN ('label', 'no_recruitment', 'other')),
    sealed BLOB,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    ended_at INTEGER,
    ended_why TEXT CHECK (ended_why IN ('time', 'decision', 'access')),
    CHECK ((ended_at IS NULL) = (ended_why IS NULL))
) STRICT;

CREATE INDEX condition_of_case ON condition (case_id, starts_at);
CREATE INDEX condition_to_end ON condition (ends_at) WHERE ended_at IS NULL AND ends_at IS NOT NULL;

-- The code that a person was given to appeal against a decision: a keyed hash, and until when it works.
CREATE TABLE appeal_code (
    decision_id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    lookup BLOB NOT NULL UNIQUE,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX appeal_code_of_case ON appeal_code (case_id);

CREATE TABLE appeal (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    decision_id TEXT NOT NULL UNIQUE,
    via TEXT NOT NULL CHECK (via IN ('panel', 'contact')),
    -- What the person wrote, and when they last changed it.
    sealed BLOB,
    filed_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    closed_at INTEGER,
    outcome TEXT CHECK (outcome IN ('changed', 'changed_in_part', 'same', 'sent_back', 'withdrawn')),
    reason_code TEXT,
    decided_by TEXT,
    CHECK ((closed_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX appeal_open ON appeal (due_at, id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX one_open_appeal ON appeal (case_id) WHERE closed_at IS NULL;
CREATE INDEX appeal_of_case ON appeal (case_id, filed_at);
CREATE INDEX appeal_closed ON appeal (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX appeal_decided ON appeal (decided_by) WHERE decided_by IS NOT NULL;

-- What a letter says besides its text: the appeal code, for the person alone; or what a second look
-- came to, in a letter that answers an appeal.
ALTER TABLE letter ADD COLUMN sealed_code BLOB;
ALTER TABLE letter ADD COLUMN appeal_until INTEGER;
ALTER TABLE letter ADD COLUMN answer TEXT CHECK (answer IN ('changed', 'changed_in_part', 'same', 'sent_back'));

-- A question to an applicant, and the answer. Deleted with the answers.
CREATE TABLE question (
    ref TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    answered_at INTEGER,
    sealed_answer BLOB,
    -- Since when nobody waits for an answer any more.
    closed_at INTEGER
) STRICT;

CREATE UNIQUE INDEX one_open_question ON question (case_id) WHERE closed_at IS NULL;
CREATE INDEX question_of_case ON question (case_id, asked_at);
CREATE INDEX question_by ON question (asked_by);

-- A question that a moderator is writing, waiting for its preview to be confirmed.
CREATE TABLE question_draft (
    ref TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    case_version INTEGER NOT NULL,
    moderator_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX question_draft_of_case ON question_draft (case_id);
CREATE INDEX question_draft_by ON question_draft (moderator_id);

-- The private thread of a case; Discord's id of it is sealed.
CREATE TABLE thread (
    case_id TEXT PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER
) STRICT, WITHOUT ROWID;

-- Who is looking after something.
CREATE TABLE claim (
    kind TEXT NOT NULL CHECK (kind IN ('case', 'appeal', 'concern')),
    item_id TEXT NOT NULL,
    holder_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (kind, item_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_of ON claim (holder_id);
CREATE INDEX claim_until ON claim (until);

-- Who was last seen with a role of moderators, and since when they are gone from it.
CREATE TABLE moderator (
    subject_id TEXT PRIMARY KEY REFERENCES subject (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    gone_at INTEGER,
    -- When they were last asked to renew their own disclosure.
    asked_at INTEGER,
    -- Up to which of their disclosures their decisions have been looked at again.
    looked_version INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Whom a case is kept from, beyond what is worked out from disclosures: at their own word, or at the
-- applicant's, who gives no reason.
CREATE TABLE recusal (
    id TEXT PRIMARY KEY,
    moderator_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    origin TEXT NOT NULL CHECK (origin IN ('declared', 'applicant')),
    at INTEGER NOT NULL,
    UNIQUE (moderator_id, case_id)
) STRICT;

CREATE INDEX recusal_of_case ON recusal (case_id);
CREATE UNIQUE INDEX one_asked_aside ON recusal (case_id) WHERE origin = 'applicant';

-- Somebody from outside the team who may look at one case, because nobody of the team may.
CREATE TABLE outside_reviewer (
    case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    added_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (case_id, subject_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outside_reviewer_is ON outside_reviewer (subject_id);
CREATE INDEX outside_reviewer_by ON outside_reviewer (added_by);

CREATE TRIGGER outsider_goes_with_appeal AFTER UPDATE OF closed_at ON appeal WHEN NEW.closed_at IS NOT NULL
BEGIN
    DELETE FROM outside_reviewer WHERE case_id = NEW.case_id;
END;

-- Organisations that the team knows. Names are sealed with a key of the register's own, and found by
-- keyed hash.
CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    parent_id TEXT REFERENCES organisation (id),
    -- What it turned out to be: names and history stay, and lead there.
    merged_into TEXT REFERENCES organisation (id),
    at INTEGER NOT NULL,
    CHECK (parent_id IS NULL OR parent_id <> id),
    CHECK (merged_into IS NULL OR merged_into <> id)
) STRICT;

CREATE INDEX organisation_below ON organisation (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX organisation_merged ON organisation (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE organisation_name (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    lookup BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    -- 1: the name it goes by; 0: another one.
    main INTEGER NOT NULL CHECK (main IN (0, 1)),
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX organisation_name_of ON organisation_name (organisation_id);
CREATE UNIQUE INDEX one_main_name ON organisation_name (organisation_id) WHERE main = 1;

-- What a member told about somebody, or about something going on. The text is sealed with the
-- reporter's key; the reporter follows it with a code of which a keyed hash is kept.
CREATE TABLE concern (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN (
        'undeclared', 'company', 'promotion', 'recruitment', 'leak', 'unproven', 'selling', 'bullying',
        'retaliation', 'other'
    )),
    reporter_id TEXT REFERENCES subject (id) ON DELETE SET NULL,
    about_id TEXT REFERENCES subject (id) ON DELETE SET NULL,
    follow BLOB NOT NULL UNIQUE,
    sealed BLOB,
    locale TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    closed_at INTEGER,
    outcome TEXT CHECK (outcome IN ('acted', 'talked', 'explained', 'not_found', 'gone', 'withdrawn')),
    closed_by TEXT,
    told_at INTEGER,
    version INTEGER NOT NULL DEFAULT 0,
    CHECK ((closed_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX concern_open ON concern (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX concern_by ON concern (reporter_id, opened_at) WHERE reporter_id IS NOT NULL;
CREATE INDEX concern_about ON concern (about_id, opened_at) WHERE about_id IS NOT NULL;
CREATE INDEX concern_closed ON concern (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX concern_closed_by ON concern (closed_by) WHERE closed_by IS NOT NULL;

-- What is closed or gone is in nobody's hands.
CREATE TRIGGER claim_ends_with_case AFTER UPDATE OF closed_at ON cases WHEN NEW.closed_at IS NOT NULL
BEGIN DELETE FROM claim WHERE kind = 'case' AND item_id = NEW.id; END;
CREATE TRIGGER claim_goes_with_case AFTER DELETE ON cases
BEGIN DELETE FROM claim WHERE kind = 'case' AND item_id = OLD.id; END;
CREATE TRIGGER claim_ends_with_appeal AFTER UPDATE OF closed_at ON appeal WHEN NEW.closed_at IS NOT NULL
BEGIN DELETE FROM claim WHERE kind = 'appeal' AND item_id = NEW.id; END;
CREATE TRIGGER claim_goes_with_appeal AFTER DELETE ON appeal
BEGIN DELETE FROM claim WHERE kind = 'appeal' AND item_id = OLD.id; END;
CREATE TRIGGER claim_ends_with_concern AFTER UPDATE OF closed_at ON concern WHEN NEW.closed_at IS NOT NULL
BEGIN DELETE FROM claim WHERE kind = 'concern' AND item_id = NEW.id; END;
CREATE TRIGGER claim_goes_with_concern AFTER DELETE ON concern
BEGIN DELETE FROM claim WHERE kind = 'concern' AND item_id = OLD.id; END;

-- What a moderator wrote down. Sealed with the key of the case's person, or of the concern's reporter.
CREATE TABLE note (
    id TEXT PRIMARY KEY,
    case_id TEXT REFERENCES cases (id) ON DELETE CASCADE,
    concern_id TEXT REFERENCES concern (id) ON DELETE CASCADE,
    by_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    at INTEGER NOT NULL,
    CHECK ((case_id IS NULL) <> (concern_id IS NULL))
) STRICT;

CREATE INDEX note_of_case ON note (case_id, at) WHERE case_id IS NOT NULL;
CREATE INDEX note_of_concern ON note (concern_id, at) WHERE concern_id IS NOT NULL;
CREATE INDEX note_by ON note (by_id);

CREATE TABLE task_anew (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN (
        'paid_link_now', 'undisclosed_now', 'access_taken', 'access_given', 'unrecorded_role',
        'late_interest', 'many_concerns'
    )),
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    -- The case whose decision is to be looked at again.
    case_id TEXT REFERENCES cases (id) ON DELETE CASCADE,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    -- The first of two people, where a task takes two.
    seen_by TEXT,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CHECK (seen_by IS NULL OR closed_by IS NULL OR seen_by <> closed_by)
) STRICT;

INSERT INTO task_anew (id, kind, subject_id, opened_at, closed_at, closed_by)
SELECT id, kind, subject_id, opened_at, closed_at, closed_by FROM task;
DROP TABLE task;
ALTER TABLE task_anew RENAME TO task;

CREATE INDEX task_open ON task (opened_at, id) WHERE closed_at IS NULL;
CREATE INDEX task_of_subject ON task (subject_id);
CREATE INDEX task_of_case ON task (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE access_anew (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    -- A moderator's subject id, or `operator`.
    actor TEXT NOT NULL,
    -- Whose; NULL: everybody's.
    subject_id TEXT REFERENCES subject (id) ON DELETE CASCADE,
    case_id TEXT,
    action TEXT NOT NULL CHECK (action IN ('open', 'history', 'search', 'export', 'rights')),
    purpose TEXT NOT NULL CHECK (purpose IN (
        'review', 'task', 'conversation', 'export', 'rights', 'confirm', 'appeal', 'concern', 'outside'
    ))
) STRICT;

INSERT INTO access_anew SELECT id, at, actor, subject_id, case_id, action, purpose FROM access;
DROP TABLE access;
ALTER TABLE access_anew RENAME TO access;

CREATE INDEX access_to ON access (subject_id, at);
CREATE INDEX access_by ON access (actor, at);
CREATE INDEX access_at ON access (at);

CREATE TABLE sent_message_anew (
    id TEXT PRIMARY KEY,
    subject_id TEXT NOT NULL REFERENCES subject (id) ON DELETE CASCADE,
    case_id TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('letter', 'reminder', 'notice', 'question', 'concern')),
    sealed BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

INSERT INTO sent_message_anew SELECT id, subject_id, case_id, kind, sealed, at FROM sent_message;
DROP TABLE sent_message;
ALTER TABLE sent_message_anew RENAME TO sent_message;

CREATE INDEX sent_message_to ON sent_message (subject_id);
