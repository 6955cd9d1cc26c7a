-- Runs in which nothing happened are told apart, so that old ones can go: a service that looks every few seconds ends a run each time.

ALTER TABLE run RENAME TO old_run;
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    result TEXT NOT NULL,
    idle INTEGER NOT NULL,
    summary BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO run SELECT id, cause, started, ended, result, 0, summary FROM old_run;
DROP TABLE old_run;
CREATE INDEX run_idle ON run (id) WHERE idle = 1;
