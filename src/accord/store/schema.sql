-- The whole schema as it stands, for readers. What makes it is migrations/; a test proves that they arrive here.

-- One row: the number of the engine that may commit.
CREATE TABLE engine (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    fence INTEGER NOT NULL
);

-- What was last read of each record. content: JSON, or NULL while it equals the bases. gone: the evidence of its deletion, a tombstone.
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

-- The normal forms by which a record without link looks for its counterpart.
CREATE TABLE match_key (
    flow TEXT NOT NULL,
    side TEXT NOT NULL,
    id TEXT NOT NULL,
    criterion INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (flow, side, id, criterion)
) WITHOUT ROWID;
CREATE INDEX match_key_by_key ON match_key (flow, criterion, key, side, id);

-- What each flow has still to deal with, in order of arrival, and why it could not yet.
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
CREATE INDEX pending_by_state ON pending (flow, state, row);

-- Which link wakes which pending row (WaitsFor.key).
CREATE TABLE waiting_for (
    key TEXT NOT NULL,
    row INTEGER NOT NULL REFERENCES pending (row) ON DELETE CASCADE,
    PRIMARY KEY (key, row)
) WITHOUT ROWID;
CREATE INDEX waiting_for_by_row ON waiting_for (row);

-- Links with their bases (JSON). ended: the row is a tombstone.
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
CREATE INDEX link_live ON link (flow, id) WHERE ended IS NULL;

-- The live link of each record. Its key is exclusivity (P8): a record has one live link, whichever of the flows of its datatype made it.
CREATE TABLE linked (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    id TEXT NOT NULL,
    link INTEGER NOT NULL,
    PRIMARY KEY (side, datatype, id)
) WITHOUT ROWID;

-- Records whose link ended, by flow: they are not taken for new.
CREATE TABLE parted (
    flow TEXT NOT NULL,
    side TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (flow, side, id)
) WITHOUT ROWID;

-- The journal: where each operation stands. target: '' until a created record's id is known.
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
CREATE INDEX intent_open ON intent (state, seq) WHERE state IN ('open', 'unknown');
CREATE INDEX intent_by_source ON intent (flow, source_side, source);
CREATE INDEX intent_by_target ON intent (flow, target) WHERE target <> '';
CREATE INDEX intent_by_run ON intent (run);

-- The whole operation of an intent (JSON), written once.
CREATE TABLE journaled (
    seq INTEGER PRIMARY KEY,
    operation BLOB NOT NULL
);

-- How far the changes of a datatype have been read.
CREATE TABLE cursor (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    position TEXT NOT NULL,
    PRIMARY KEY (side, datatype)
) WITHOUT ROWID;

-- Runs with their counts (JSON). idle: 1 for one in which nothing happened; of those only the newest are kept.
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    result TEXT NOT NULL,
    idle INTEGER NOT NULL,
    summary BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX run_idle ON run (id) WHERE idle = 1;

-- Small named facts.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Records that have to be read, without content.
CREATE TABLE hint (
    side TEXT NOT NULL,
    datatype TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT,
    PRIMARY KEY (side, datatype, id)
) WITHOUT ROWID;

-- Announcements that were received, in order; the oldest are forgotten.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);
