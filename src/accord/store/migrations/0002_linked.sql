-- Exclusivity in one place for both sides and all flows; the journal's bodies apart, so that closing an intent rewrites a short row;
-- fewer indexes on what every record passes through; received announcements in order, so that old ones can go.

CREATE TABLE linked (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    id TEXT NOT NULL,
    link INTEGER NOT NULL,
    PRIMARY KEY (side, datatype, id)
) WITHOUT ROWID;
-- Version 1 did not keep a link's datatypes; until the flows are known (opening.py), the flow's name stands in.
INSERT INTO linked SELECT 'left', coalesce(left_claim, flow), "left", id FROM link WHERE ended IS NULL;
INSERT INTO linked SELECT 'right', coalesce(right_claim, flow), "right", id FROM link WHERE ended IS NULL;

CREATE TABLE parted (
    flow TEXT NOT NULL,
    side TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (flow, side, id)
) WITHOUT ROWID;
INSERT INTO parted SELECT DISTINCT flow, 'left', "left" FROM link WHERE ended IS NOT NULL;
INSERT INTO parted SELECT DISTINCT flow, 'right', "right" FROM link WHERE ended IS NOT NULL;

ALTER TABLE link RENAME TO old_link;
CREATE TABLE link (
    id INTEGER PRIMARY KEY,
    flow TEXT NOT NULL,
    "left" TEXT NOT NULL,
    "right" TEXT NOT NULL,
    left_base BLOB NOT NULL,
    right_base BLOB NOT NULL,
    made TEXT NOT NULL,
    ended TEXT
);
INSERT INTO link SELECT id, flow, "left", "right", left_base, right_base, made, ended FROM old_link ORDER BY id;
DROP TABLE old_link;
CREATE INDEX link_live ON link (flow, id) WHERE ended IS NULL;

ALTER TABLE pending RENAME TO old_pending;
CREATE TABLE pending (
    row INTEGER PRIMARY KEY,
    flow TEXT NOT NULL,
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    rule TEXT NOT NULL,
    cause TEXT NOT NULL,
    waits BLOB NOT NULL,
    candidates BLOB NOT NULL,
    tries INTEGER NOT NULL,
    since TEXT NOT NULL,
    UNIQUE (side, datatype, id, flow)
);
INSERT INTO pending SELECT row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM old_pending ORDER BY row;
DROP TABLE old_pending;
CREATE INDEX pending_by_state ON pending (flow, state, row);

ALTER TABLE waiting_for RENAME TO old_waiting_for;
CREATE TABLE waiting_for (
    key TEXT NOT NULL,
    row INTEGER NOT NULL REFERENCES pending (row) ON DELETE CASCADE,
    PRIMARY KEY (key, row)
) WITHOUT ROWID;
INSERT INTO waiting_for SELECT key, row FROM old_waiting_for WHERE row IN (SELECT row FROM pending);
DROP TABLE old_waiting_for;
CREATE INDEX waiting_for_by_row ON waiting_for (row);

CREATE TABLE journaled (
    seq INTEGER PRIMARY KEY,
    operation BLOB NOT NULL
);
INSERT INTO journaled SELECT seq, operation FROM intent ORDER BY seq;

ALTER TABLE intent RENAME TO old_intent;
CREATE TABLE intent (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL,
    flow TEXT NOT NULL,
    state TEXT NOT NULL,
    at TEXT NOT NULL,
    closed TEXT,
    source_side TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    message TEXT NOT NULL
);
INSERT INTO intent SELECT seq, key, run, flow, state, at, closed, source_side, source, target, message FROM old_intent ORDER BY seq;
DROP TABLE old_intent;
CREATE INDEX intent_open ON intent (state, seq) WHERE state IN ('open', 'unknown');
CREATE INDEX intent_by_source ON intent (flow, source_side, source);
CREATE INDEX intent_by_target ON intent (flow, target) WHERE target <> '';
CREATE INDEX intent_by_run ON intent (run);

ALTER TABLE event RENAME TO old_event;
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);
INSERT INTO event (id) SELECT id FROM old_event;
DROP TABLE old_event;

PRAGMA application_id = 1094927204;
