-- Every statement of the store, by name. ?1, ?2, ... in order of binding; a JSON array is unpacked with json_each.

-- name: fence_raise
-- A new engine takes the state over; whoever held it before commits nothing any more.
UPDATE engine SET fence = fence + 1 RETURNING fence;

-- name: fence
-- The number of the engine that may commit.
SELECT fence FROM engine;

-- name: known
-- What is remembered of some records, without content.
SELECT id, version, fingerprint, gone IS NOT NULL, modified FROM record WHERE side = ?1 AND datatype = ?2 AND id IN (SELECT value FROM json_each(?3));

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
-- The newest version of content that is known already, and its time if told.
UPDATE record SET version = ?4, modified = coalesce(?5, modified) WHERE side = ?1 AND datatype = ?2 AND id = ?3;

-- name: record_gone
-- A tombstone with its evidence; the last content stays with it.
INSERT INTO record (side, datatype, id, version, modified, fingerprint, content, gone) VALUES (?1, ?2, ?3, NULL, NULL, x'', NULL, ?4)
ON CONFLICT (side, datatype, id) DO UPDATE SET gone = excluded.gone, version = NULL;

-- name: records_settle
-- Content that equals the bases is not kept twice.
UPDATE record SET content = NULL
WHERE side = ?1 AND datatype = ?2 AND id IN (SELECT value FROM json_each(?3)) AND content IS NOT NULL;

-- name: live
-- Ids of records that are not gone, a page at a time.
SELECT id FROM record WHERE side = ?1 AND datatype = ?2 AND gone IS NULL AND id > ?3 ORDER BY id LIMIT ?4;

-- name: record_count
-- How many records are known and not gone.
SELECT count(*) FROM record WHERE side = ?1 AND datatype = ?2 AND gone IS NULL;

-- name: keys_drop
-- Earlier match keys of some records in one flow.
DELETE FROM match_key WHERE flow = ?1 AND side = ?2 AND id IN (SELECT value FROM json_each(?3));

-- name: key_put
-- One match key.
INSERT OR REPLACE INTO match_key (flow, side, id, criterion, key) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: candidates
-- Records of the other side (?3) that share a key with the asking ones (?2): whether they are linked, in this flow or another, and how many
-- other unlinked records of the asking side share that key. ?4: asking ids; ?5, ?6: datatypes of the asking and of the other side.
-- Free ones are counted once per key, so that a key which thousands share costs their number, not its square.
WITH pair AS MATERIALIZED (
    SELECT own.id AS id, own.criterion AS criterion, own.key AS key, other.id AS candidate
    FROM json_each(?4) AS asked
    CROSS JOIN match_key AS own ON own.flow = ?1 AND own.side = ?2 AND own.id = asked.value
    CROSS JOIN match_key AS other ON other.flow = ?1 AND other.criterion = own.criterion AND other.key = own.key AND other.side = ?3
), free AS MATERIALIZED (
    SELECT shared.criterion AS criterion, shared.key AS key, count(*) AS number
    FROM (SELECT DISTINCT criterion, key FROM pair) AS shared
    CROSS JOIN match_key AS rival
        ON rival.flow = ?1 AND rival.criterion = shared.criterion AND rival.key = shared.key AND rival.side = ?2
    WHERE NOT EXISTS (SELECT 1 FROM linked WHERE linked.side = ?2 AND linked.datatype = ?5 AND linked.id = rival.id)
    GROUP BY shared.criterion, shared.key
)
SELECT pair.id, pair.candidate, pair.criterion,
    EXISTS (SELECT 1 FROM linked WHERE linked.side = ?3 AND linked.datatype = ?6 AND linked.id = pair.candidate),
    coalesce(free.number, 0)
        - NOT EXISTS (SELECT 1 FROM linked WHERE linked.side = ?2 AND linked.datatype = ?5 AND linked.id = pair.id)
FROM pair LEFT JOIN free ON free.criterion = pair.criterion AND free.key = pair.key
ORDER BY pair.id, pair.criterion, pair.candidate;

-- name: pending_new
-- Records that a flow has to look at (again), in the order given.
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
SELECT ?1, ?2, ?3, value, 'new', '', '', '[]', '[]', 0, '' FROM json_each(?4) WHERE true
ON CONFLICT (side, datatype, id, flow) DO UPDATE SET state = 'new', tries = 0;

-- name: pending_put
-- A record that stays behind, with its cause; since when, as long as the rule is the same.
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (side, datatype, id, flow) DO UPDATE SET
    state = excluded.state, rule = excluded.rule, cause = excluded.cause, waits = excluded.waits, candidates = excluded.candidates,
    tries = pending.tries + 1, since = CASE WHEN pending.since <> '' AND pending.rule = excluded.rule THEN pending.since ELSE excluded.since END;

-- name: pending_done
-- Records that need nothing more in one flow; what they wait for goes with them.
DELETE FROM pending WHERE side = ?2 AND datatype = ?3 AND id IN (SELECT value FROM json_each(?4)) AND flow = ?1;

-- name: pending_among
-- Which of some records are pending in any flow.
SELECT DISTINCT id FROM pending WHERE side = ?1 AND datatype = ?2 AND id IN (SELECT value FROM json_each(?3));

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
WHERE side = ?2 AND datatype = ?3 AND id = ?4 AND flow = ?1;

-- name: pending_moved
-- Of the new rows of a flow: how many records have a live link in it, and how many of those links lost a record.
SELECT count(*), count(DISTINCT CASE WHEN record.gone IS NOT NULL THEN linked.link END)
FROM pending
CROSS JOIN linked ON linked.side = pending.side AND linked.datatype = pending.datatype AND linked.id = pending.id
CROSS JOIN link ON link.id = linked.link AND link.flow = ?1
LEFT JOIN record ON record.side = pending.side AND record.datatype = pending.datatype AND record.id = pending.id
WHERE pending.flow = ?1 AND pending.state = 'new';

-- name: pending_any
-- Whether there is a row of some states.
SELECT 1 FROM pending WHERE flow = ?1 AND state IN (SELECT value FROM json_each(?2)) LIMIT 1;

-- name: pending_release
-- All rows of some states are looked at again; one row per row.
UPDATE pending SET state = 'new', tries = 0 WHERE flow = ?1 AND state IN (SELECT value FROM json_each(?2)) RETURNING 1;

-- name: wait_put
-- What a pending row waits for.
INSERT OR IGNORE INTO waiting_for (key, row)
SELECT ?5, row FROM pending WHERE side = ?2 AND datatype = ?3 AND id = ?4 AND flow = ?1;

-- name: wait_drop
-- A row waits for nothing any more, or is going to say so anew.
DELETE FROM waiting_for WHERE row = (SELECT row FROM pending WHERE side = ?2 AND datatype = ?3 AND id = ?4 AND flow = ?1);

-- name: wait_any
-- Whether anything waits for a link at all.
SELECT 1 FROM waiting_for LIMIT 1;

-- name: wait_wake
-- Links that were waited for are there.
UPDATE pending SET state = 'new', tries = 0
WHERE row IN (SELECT row FROM waiting_for WHERE key IN (SELECT value FROM json_each(?1))) AND state = 'waiting';

-- name: link_last
-- The highest number of a link.
SELECT coalesce(max(id), 0) FROM link;

-- name: link_put
-- A new link.
INSERT INTO link (id, flow, "left", "right", left_base, right_base, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: linked_put
-- A record gets its one live link.
INSERT INTO linked (side, datatype, id, link) VALUES (?1, ?2, ?3, ?4);

-- name: linked_among
-- Which of some records have a live link, and in which flow.
SELECT linked.id, link.flow FROM linked JOIN link ON link.id = linked.link
WHERE linked.side = ?1 AND linked.datatype = ?2 AND linked.id IN (SELECT value FROM json_each(?3));

-- name: linked_drop
-- A record's link has ended.
DELETE FROM linked WHERE side = ?1 AND datatype = ?2 AND id = ?3 AND link = ?4;

-- name: linked_move
-- A flow's datatype on one side has another name now.
UPDATE linked SET datatype = ?2
WHERE side = ?1 AND datatype <> ?2 AND link IN (SELECT id FROM link WHERE flow = ?3 AND ended IS NULL);

-- name: link_bases
-- A link with new bases.
UPDATE link SET left_base = ?2, right_base = ?3 WHERE id = ?1;

-- name: link_end
-- Live links end; the rows stay and remember.
UPDATE link SET ended = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND ended IS NULL RETURNING id, flow, "left", "right";

-- name: parted_put
-- A record's link in this flow has ended.
INSERT INTO parted (flow, side, id) VALUES (?1, ?2, ?3) ON CONFLICT (flow, side, id) DO NOTHING;

-- name: parted
-- Which of some records had a link in this flow once and have none in it now.
SELECT parted.id FROM json_each(?4) AS asked
CROSS JOIN parted ON parted.flow = ?1 AND parted.side = ?2 AND parted.id = asked.value
WHERE NOT EXISTS (
    SELECT 1 FROM linked JOIN link ON link.id = linked.link
    WHERE linked.side = ?2 AND linked.datatype = ?3 AND linked.id = parted.id AND link.flow = ?1
);

-- name: links
-- Live links of one flow by their records on one side.
SELECT link.id, link.flow, link."left", link."right", link.left_base, link.right_base
FROM json_each(?4) AS asked
CROSS JOIN linked ON linked.side = ?2 AND linked.datatype = ?3 AND linked.id = asked.value
CROSS JOIN link ON link.id = linked.link
WHERE link.flow = ?1;

-- name: links_page
-- Live links for people, in order of making.
SELECT id, flow, "left", "right", left_base, right_base FROM link WHERE ended IS NULL AND id > ?1 ORDER BY id LIMIT ?2;

-- name: links_page_of_flow
-- Live links of one flow for people, in order of making.
SELECT id, flow, "left", "right", left_base, right_base FROM link WHERE flow = ?3 AND ended IS NULL AND id > ?1 ORDER BY id LIMIT ?2;

-- name: resolve
-- The other ends of live links of one flow, by their records on one side.
SELECT asked.value, CASE ?2 WHEN 'left' THEN link."right" ELSE link."left" END
FROM json_each(?4) AS asked
CROSS JOIN linked ON linked.side = ?2 AND linked.datatype = ?3 AND linked.id = asked.value
CROSS JOIN link ON link.id = linked.link
WHERE link.flow = ?1;

-- name: intent_last
-- The highest number of an intent.
SELECT coalesce(max(seq), 0) FROM intent;

-- name: intent_put
-- What is going to be written.
INSERT INTO intent (seq, key, run, flow, state, at, source_side, source, target, message) VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7, ?8, '');

-- name: journaled_put
-- The whole operation, to be rebuilt from.
INSERT INTO journaled (seq, operation) VALUES (?1, ?2);

-- name: intent_close
-- How it ended.
UPDATE intent SET state = ?2, closed = ?3, message = ?4, target = CASE ?5 WHEN '' THEN target ELSE ?5 END WHERE key = ?1;

-- name: intents_unfinished
-- Intents that are open or unknown, oldest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE state IN ('open', 'unknown') AND state IN (SELECT value FROM json_each(?1)) ORDER BY seq LIMIT ?2;

-- name: intents
-- Intents in any states, oldest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE state IN (SELECT value FROM json_each(?1)) ORDER BY seq LIMIT ?2;

-- name: history
-- What was tried with one record, newest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE seq IN (SELECT seq FROM intent WHERE flow = ?1 AND source_side = ?2 AND source = ?3
    UNION SELECT seq FROM intent WHERE flow = ?1 AND target = ?3 AND target <> '' AND source_side <> ?2)
ORDER BY seq DESC LIMIT ?4;

-- name: given_up
-- Which of some records (?3) had a write before that was given up.
SELECT DISTINCT source FROM json_each(?3) AS asked
CROSS JOIN intent ON intent.flow = ?1 AND source_side = ?2 AND source = asked.value AND state = 'abandoned';

-- name: deleted_since
-- Links of a flow that ended after a delete was sent for them since an instant, whatever its answer. Newer intents have higher numbers, so
-- only those are looked at.
SELECT count(DISTINCT link.id) FROM intent CROSS JOIN journaled USING (seq)
CROSS JOIN link ON link.id = json_extract(CAST(operation AS TEXT), '$.link')
WHERE intent.seq > coalesce((SELECT seq FROM intent WHERE at <= ?2 ORDER BY seq DESC LIMIT 1), 0)
    AND intent.flow = ?1 AND link.ended IS NOT NULL AND json_extract(CAST(operation AS TEXT), '$.kind') = 'delete';

-- name: written_often
-- Which of some records (?3) were written more than twice since an instant (?4), from the side ?2.
SELECT target FROM json_each(?3) AS asked
CROSS JOIN intent ON intent.flow = ?1 AND intent.target = asked.value AND intent.target <> ''
WHERE source_side = ?2 AND state = 'done' AND at > ?4 GROUP BY target HAVING count(*) > 2;

-- name: written_since
-- The operations on some records since an instant, oldest first.
SELECT operation, run, state, at, message, target, closed FROM intent CROSS JOIN journaled USING (seq)
WHERE intent.flow = ?1 AND target IN (SELECT value FROM json_each(?3)) AND target <> '' AND source_side = ?2 AND state = 'done' AND at > ?4
ORDER BY intent.seq;

-- name: run_intents
-- The intents of one run, oldest first, beyond a number.
SELECT seq, operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3;

-- name: cursor
-- How far a datatype has been read.
SELECT position FROM cursor WHERE side = ?1 AND datatype = ?2;

-- name: cursor_put
-- The new position.
INSERT OR REPLACE INTO cursor (side, datatype, position) VALUES (?1, ?2, ?3);

-- name: run_put
-- A run as it stands.
INSERT OR REPLACE INTO run (id, cause, started, ended, result, idle, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: runs_forget
-- Idle runs, but for the newest so many.
DELETE FROM run WHERE idle = 1 AND id <= (SELECT id FROM run WHERE idle = 1 ORDER BY id DESC LIMIT 1 OFFSET ?1);

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
-- A hint that has been read; one that came since with another version stays.
DELETE FROM hint WHERE side = ?1 AND datatype = ?2 AND id = ?3 AND version IS ?4;

-- name: event_put
-- An announcement that was received; no row means that it was received before.
INSERT INTO event (id) VALUES (?1) ON CONFLICT (id) DO NOTHING RETURNING seq;

-- name: events_forget
-- Announcements so old that they would be refused by their time.
DELETE FROM event WHERE seq <= ?1;

-- name: totals_links
-- Live links per flow.
SELECT flow, count(*) FROM link WHERE ended IS NULL GROUP BY flow;

-- name: totals_pending
-- Pending rows per flow and state.
SELECT flow, state, count(*) FROM pending GROUP BY flow, state;
