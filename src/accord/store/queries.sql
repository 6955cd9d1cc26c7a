-- name: fence_raise
-- A new engine takes the state over; whoever held it before commits nothing any more.
UPDATE engine SET fence = fence + 1 RETURNING fence;

-- name: fence
-- The number of the engine that may commit.
SELECT fence FROM engine;

-- name: known
-- What is remembered of some records, without content.
SELECT id, version, fingerprint, gone IS NOT NULL FROM record WHERE side = ?1 AND datatype = ?2 AND id IN (SELECT value FROM json_each(?3));

-- name: records
-- What is held of some records.
SELECT id, version, modified, fingerprint, content, gone IS NOT NULL FROM record
WHERE side = ?1 AND datatype = ?2 AND id IN (SELECT value FROM json_each(?3));

-- name: record_put
-- A record with new content; it is no longer gone.
INSERT INTO record (side, datatype, id, version, modified, fingerprint, content, gone) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)
ON CONFLICT (side, datatype, id) DO UPDATE SET
    version = excluded.version, modified = excluded.modified, fingerprint = excluded.fingerprint, content = excluded.content, gone = NULL;

-- name: record_version
-- The newest version of content that is known already.
UPDATE record SET version = ?4 WHERE side = ?1 AND datatype = ?2 AND id = ?3;

-- name: record_gone
-- A tombstone with its evidence.
UPDATE record SET gone = ?4, version = NULL WHERE side = ?1 AND datatype = ?2 AND id = ?3;

-- name: record_settle
-- The content equals the bases and need not be kept twice, unless another flow has still to look at it.
UPDATE record SET content = NULL WHERE side = ?1 AND datatype = ?2 AND id = ?3
AND NOT EXISTS (SELECT 1 FROM pending WHERE pending.side = ?1 AND pending.datatype = ?2 AND pending.id = ?3);

-- name: record_count
-- How many records are known and not gone.
SELECT count(*) FROM record WHERE side = ?1 AND datatype = ?2 AND gone IS NULL;

-- name: keys_drop
-- Earlier match keys of one record in one flow.
DELETE FROM match_key WHERE flow = ?1 AND side = ?2 AND id = ?3;

-- name: key_put
-- One match key.
INSERT OR REPLACE INTO match_key (flow, side, id, criterion, key) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: candidates_of_left
-- Records on the right that share a key with records on the left; whether they are taken; how many free rivals there are for the key.
SELECT own.id, other.id, own.criterion,
    EXISTS (SELECT 1 FROM link WHERE link.flow = ?1 AND link."right" = other.id AND link.ended IS NULL)
    OR EXISTS (SELECT 1 FROM link WHERE link.right_claim = ?3 AND link."right" = other.id AND link.ended IS NULL),
    (SELECT count(*) FROM match_key AS rival WHERE rival.flow = ?1 AND rival.criterion = own.criterion AND rival.key = own.key
        AND rival.side = 'left' AND rival.id <> own.id
        AND NOT EXISTS (SELECT 1 FROM link WHERE link.flow = ?1 AND link."left" = rival.id AND link.ended IS NULL))
FROM json_each(?2) AS asked
CROSS JOIN match_key AS own ON own.flow = ?1 AND own.side = 'left' AND own.id = asked.value
CROSS JOIN match_key AS other ON other.flow = ?1 AND other.criterion = own.criterion AND other.key = own.key AND other.side = 'right'
ORDER BY own.id, own.criterion, other.id;

-- name: candidates_of_right
-- Records on the left that share a key with records on the right; whether they are taken; how many free rivals there are for the key.
SELECT own.id, other.id, own.criterion,
    EXISTS (SELECT 1 FROM link WHERE link.flow = ?1 AND link."left" = other.id AND link.ended IS NULL)
    OR EXISTS (SELECT 1 FROM link WHERE link.left_claim = ?3 AND link."left" = other.id AND link.ended IS NULL),
    (SELECT count(*) FROM match_key AS rival WHERE rival.flow = ?1 AND rival.criterion = own.criterion AND rival.key = own.key
        AND rival.side = 'right' AND rival.id <> own.id
        AND NOT EXISTS (SELECT 1 FROM link WHERE link.flow = ?1 AND link."right" = rival.id AND link.ended IS NULL))
FROM json_each(?2) AS asked
CROSS JOIN match_key AS own ON own.flow = ?1 AND own.side = 'right' AND own.id = asked.value
CROSS JOIN match_key AS other ON other.flow = ?1 AND other.criterion = own.criterion AND other.key = own.key AND other.side = 'left'
ORDER BY own.id, own.criterion, other.id;

-- name: pending_new
-- A record that a flow has to look at (again).
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
VALUES (?1, ?2, ?3, ?4, 'new', '', '', '[]', '[]', 0, '')
ON CONFLICT (flow, side, id) DO UPDATE SET state = 'new', tries = 0;

-- name: pending_put
-- A record that stays behind, with its cause.
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (flow, side, id) DO UPDATE SET
    state = excluded.state, rule = excluded.rule, cause = excluded.cause, waits = excluded.waits, candidates = excluded.candidates,
    tries = pending.tries + 1, since = CASE WHEN pending.since <> '' AND pending.rule = excluded.rule THEN pending.since ELSE excluded.since END
RETURNING row;

-- name: pending_done
-- A record that needs nothing more.
DELETE FROM pending WHERE flow = ?1 AND side = ?2 AND id = ?3;

-- name: pending_page
-- Pending rows of one state in order of arrival.
SELECT row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM pending
WHERE flow = ?1 AND state = ?2 AND row > ?3 ORDER BY row LIMIT ?4;

-- name: pending_list
-- Pending rows for people, of any flow or state.
SELECT row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM pending
WHERE (?1 IS NULL OR flow = ?1) AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2))) AND row > ?3 ORDER BY row LIMIT ?4;

-- name: pending_one
-- The pending row of one record.
SELECT row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM pending
WHERE flow = ?1 AND side = ?2 AND id = ?3;

-- name: pending_release
-- All rows of some states are looked at again.
UPDATE pending SET state = 'new', tries = 0 WHERE flow = ?1 AND state IN (SELECT value FROM json_each(?2));

-- name: wait_put
-- What a pending row waits for.
INSERT OR IGNORE INTO waiting_for (key, row) VALUES (?1, ?2);

-- name: wait_drop
-- A row waits for nothing any more, or is going to say so anew.
DELETE FROM waiting_for WHERE row IN (SELECT row FROM pending WHERE flow = ?1 AND side = ?2 AND id = ?3);

-- name: wait_wake
-- A link that was waited for is there.
UPDATE pending SET state = 'new', tries = 0 WHERE state = 'waiting' AND row IN (SELECT row FROM waiting_for WHERE key = ?1);

-- name: link_put
-- A new link.
INSERT INTO link (flow, "left", "right", left_base, right_base, left_claim, right_claim, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: link_bases
-- A link with new bases.
UPDATE link SET left_base = ?2, right_base = ?3 WHERE id = ?1;

-- name: link_end
-- A link ends; the row stays and remembers.
UPDATE link SET ended = ?2 WHERE id = ?1 AND ended IS NULL;

-- name: links_left
-- Live links by their left record.
SELECT id, flow, "left", "right", left_base, right_base FROM link
WHERE flow = ?1 AND ended IS NULL AND "left" IN (SELECT value FROM json_each(?2));

-- name: links_right
-- Live links by their right record.
SELECT id, flow, "left", "right", left_base, right_base FROM link
WHERE flow = ?1 AND ended IS NULL AND "right" IN (SELECT value FROM json_each(?2));

-- name: parted_left
-- Left records that had a link once and have none now.
SELECT DISTINCT "left" FROM link AS past WHERE flow = ?1 AND ended IS NOT NULL AND "left" IN (SELECT value FROM json_each(?2))
AND NOT EXISTS (SELECT 1 FROM link WHERE link.flow = ?1 AND link.ended IS NULL AND link."left" = past."left");

-- name: parted_right
-- Right records that had a link once and have none now.
SELECT DISTINCT "right" FROM link AS past WHERE flow = ?1 AND ended IS NOT NULL AND "right" IN (SELECT value FROM json_each(?2))
AND NOT EXISTS (SELECT 1 FROM link WHERE link.flow = ?1 AND link.ended IS NULL AND link."right" = past."right");

-- name: links_list
-- Live links for people.
SELECT id, flow, "left", "right", left_base, right_base FROM link
WHERE ended IS NULL AND (?1 IS NULL OR flow = ?1) AND id > ?2 ORDER BY id LIMIT ?3;

-- name: resolve
-- The other ends of live links.
SELECT asked.key, CASE json_extract(asked.value, '$[1]') WHEN 'left' THEN l."right" ELSE r."left" END
FROM json_each(?1) AS asked
LEFT JOIN link AS l ON json_extract(asked.value, '$[1]') = 'left' AND l.ended IS NULL
    AND l.flow = json_extract(asked.value, '$[0]') AND l."left" = json_extract(asked.value, '$[2]')
LEFT JOIN link AS r ON json_extract(asked.value, '$[1]') = 'right' AND r.ended IS NULL
    AND r.flow = json_extract(asked.value, '$[0]') AND r."right" = json_extract(asked.value, '$[2]');

-- name: intent_put
-- What is going to be written.
INSERT INTO intent (key, run, flow, state, at, source_side, source, target, operation, message) VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?6, ?7, ?8, '');

-- name: intent_close
-- How it ended.
UPDATE intent SET state = ?2, closed = ?3, message = ?4, target = CASE ?5 WHEN '' THEN target ELSE ?5 END WHERE key = ?1;

-- name: intents
-- Intents in some states, oldest first.
SELECT operation, run, state, at, message, target FROM intent WHERE state IN ('open', 'unknown') AND state IN (SELECT value FROM json_each(?1))
ORDER BY seq LIMIT ?2;

-- name: intents_any
-- Intents in any states, oldest first.
SELECT operation, run, state, at, message, target FROM intent WHERE state IN (SELECT value FROM json_each(?1)) ORDER BY seq LIMIT ?2;

-- name: history
-- What was tried with one record, newest first.
SELECT operation, run, state, at, message, target FROM intent
WHERE seq IN (SELECT seq FROM intent WHERE flow = ?1 AND source_side = ?2 AND source = ?3
    UNION SELECT seq FROM intent WHERE flow = ?1 AND target = ?3 AND source_side <> ?2)
ORDER BY seq DESC LIMIT ?4;

-- name: run_intents
-- The intents of one run, oldest first.
SELECT operation, run, state, at, message, target FROM intent WHERE run = ?1 ORDER BY seq;

-- name: cursor
-- How far a datatype has been read.
SELECT position FROM cursor WHERE side = ?1 AND datatype = ?2;

-- name: cursor_put
-- The new position.
INSERT OR REPLACE INTO cursor (side, datatype, position) VALUES (?1, ?2, ?3);

-- name: run_put
-- A run as it stands.
INSERT OR REPLACE INTO run (id, cause, started, ended, result, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: runs
-- The newest runs.
SELECT summary FROM run ORDER BY id DESC LIMIT ?1;

-- name: setting
-- A small named fact.
SELECT value FROM setting WHERE name = ?1;

-- name: setting_put
-- Keep one.
INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2);

-- name: hint_put
-- A record that has to be read.
INSERT OR REPLACE INTO hint (side, datatype, id, version) VALUES (?1, ?2, ?3, ?4);

-- name: hints
-- Records that have to be read.
SELECT id, version FROM hint WHERE side = ?1 AND datatype = ?2 ORDER BY id LIMIT ?3;

-- name: hint_done
-- A hint that has been read.
DELETE FROM hint WHERE side = ?1 AND datatype = ?2 AND id = ?3 AND version IS ?4;

-- name: event_put
-- An announcement that was received; no row means that it was received before.
INSERT OR IGNORE INTO event (id, at) VALUES (?1, ?2) RETURNING 1;

-- name: totals_links
-- Live links per flow.
SELECT flow, count(*) FROM link WHERE ended IS NULL GROUP BY flow;

-- name: totals_pending
-- Pending rows per flow and state.
SELECT flow, state, count(*) FROM pending GROUP BY flow, state;
