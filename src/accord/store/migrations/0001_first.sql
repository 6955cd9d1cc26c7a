-- The first schema: records and their match keys, links with bases, pending rows, the journal, cursors, runs.

CREATE TABLE engine (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    fence INTEGER NOT NULL
);
INSERT INTO engine VALUES (1, 0);

CREATE TABLE record (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT,
    modified TEXT,
    fingerprint BLOB NOT NULL,
    content BLOB,
    gone TEXT,
    PRIMARY KEY (side, datatype, id)
) WITHOUT ROWID;

CREATE TABLE match_key (
    flow TEXT NOT NULL,
    side TEXT NOT NULL,
    id TEXT NOT NULL,
    criterion INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (flow, side, id, criterion)
) WITHOUT ROWID;
CREATE INDEX match_key_by_key ON match_key (flow, criterion, key, side, id);

CREATE TABLE pending (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
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
    UNIQUE (flow, side, id)
);
CREATE INDEX pending_by_state ON pending (flow, state, row);
CREATE INDEX pending_by_record ON pending (side, datatype, id);

CREATE TABLE waiting_for (
    key TEXT NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (key, row)
) WITHOUT ROWID;
CREATE INDEX waiting_for_by_row ON waiting_for (row);

CREATE TABLE link (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    flow TEXT NOT NULL,
    "left" TEXT NOT NULL,
    "right" TEXT NOT NULL,
    left_base BLOB NOT NULL,
    right_base BLOB NOT NULL,
    left_claim TEXT,
    right_claim TEXT,
    made TEXT NOT NULL,
    ended TEXT
);
CREATE UNIQUE INDEX link_left ON link (flow, "left") WHERE ended IS NULL;
CREATE UNIQUE INDEX link_right ON link (flow, "right") WHERE ended IS NULL;
CREATE UNIQUE INDEX link_left_claim ON link (left_claim, "left") WHERE ended IS NULL AND left_claim IS NOT NULL;
CREATE UNIQUE INDEX link_right_claim ON link (right_claim, "right") WHERE ended IS NULL AND right_claim IS NOT NULL;

CREATE INDEX link_parted_left ON link (flow, "left") WHERE ended IS NOT NULL;
CREATE INDEX link_parted_right ON link (flow, "right") WHERE ended IS NOT NULL;

CREATE TABLE intent (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL,
    flow TEXT NOT NULL,
    state TEXT NOT NULL,
    at TEXT NOT NULL,
    closed TEXT,
    source_side TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    operation BLOB NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX intent_open ON intent (state, seq) WHERE state IN ('open', 'unknown');
CREATE INDEX intent_by_source ON intent (flow, source_side, source);
CREATE INDEX intent_by_target ON intent (flow, target);
CREATE INDEX intent_by_run ON intent (run);

CREATE TABLE cursor (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    position TEXT NOT NULL,
    PRIMARY KEY (side, datatype)
) WITHOUT ROWID;

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    result TEXT NOT NULL,
    summary BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE hint (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT,
    PRIMARY KEY (side, datatype, id)
) WITHOUT ROWID;

CREATE TABLE event (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL
) WITHOUT ROWID;
