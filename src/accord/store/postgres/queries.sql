-- Every statement of the store, by name, as in ../queries.sql. $1, $2, ... in order of binding; several values are an array.
-- "given" names the columns of the rows that a statement is run for: each column is one array, and the statement finds them all as the table
-- given, numbered by n. Of two rows with one key the later one holds, hence DISTINCT ON ... n DESC.
--
-- What is looked up by records goes from the asked ones to the tables, one by one (CROSS JOIN LATERAL, and LIMIT or OFFSET 0, which the server
-- does not look through): as SQLite's CROSS JOIN, it leaves no other order to choose, whatever is believed of tables that have just grown.

-- name: fence_raise
-- A new engine takes the state over; whoever held it before commits nothing any more.
UPDATE engine SET fence = fence + 1 RETURNING fence;

-- name: fence
-- The number of the engine that may commit.
SELECT fence FROM engine;

-- name: step
-- How many transactions were recorded.
SELECT step FROM engine;

-- name: known
-- What is remembered of some records, without content.
SELECT found.* FROM unnest($3::text[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT id, version, fingerprint, gone IS NOT NULL, modified FROM record
    WHERE record.id = asked.id AND datatype = $2 AND side = $1 LIMIT 1
) AS found;

-- name: records
-- What is held of some records.
SELECT found.* FROM unnest($3::text[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT id, version, modified, fingerprint, content, gone IS NOT NULL FROM record
    WHERE record.id = asked.id AND datatype = $2 AND side = $1 LIMIT 1
) AS found;

-- name: record_put
-- given: side text, datatype text, id text, version text, modified text, fingerprint bytea, content bytea
-- A record with new content; it is no longer gone.
INSERT INTO record (side, datatype, id, version, modified, fingerprint, content, gone)
SELECT DISTINCT ON (side, datatype, id) side, datatype, id, version, modified, fingerprint, content, NULL
FROM given ORDER BY side, datatype, id, n DESC
ON CONFLICT (side, datatype, id) DO UPDATE SET
    version = excluded.version, modified = excluded.modified, fingerprint = excluded.fingerprint, content = excluded.content, gone = NULL;

-- name: record_version
-- given: side text, datatype text, id text, version text, modified text
-- The newest version of content that is known already, and its time if told.
UPDATE record SET version = new.version, modified = coalesce(new.modified, record.modified)
FROM (SELECT DISTINCT ON (side, datatype, id) * FROM given ORDER BY side, datatype, id, n DESC) AS new
WHERE record.side = new.side AND record.datatype = new.datatype AND record.id = new.id;

-- name: record_gone
-- given: side text, datatype text, id text, gone text
-- A tombstone with its evidence; the last content stays with it.
INSERT INTO record (side, datatype, id, version, modified, fingerprint, content, gone)
SELECT DISTINCT ON (side, datatype, id) side, datatype, id, NULL, NULL, ''::bytea, NULL::bytea, gone
FROM given ORDER BY side, datatype, id, n DESC
ON CONFLICT (side, datatype, id) DO UPDATE SET gone = excluded.gone, version = NULL;

-- name: records_settle
-- Content that equals the bases is not kept twice.
UPDATE record SET content = NULL WHERE side = $1 AND datatype = $2 AND id = ANY($3::text[]) AND content IS NOT NULL;

-- name: live
-- Ids of records that are not gone, a page at a time.
SELECT id FROM record WHERE side = $1 AND datatype = $2 AND gone IS NULL AND id > $3 ORDER BY id LIMIT $4;

-- name: record_count
-- How many records are known and not gone.
SELECT count(*) FROM record WHERE side = $1 AND datatype = $2 AND gone IS NULL;

-- name: keys_drop
-- Earlier match keys of some records in one flow.
DELETE FROM match_key WHERE flow = $1 AND side = $2 AND id = ANY($3::text[]);

-- name: key_put
-- given: flow text, side text, id text, criterion integer, key text
-- Match keys.
INSERT INTO match_key (flow, side, id, criterion, key)
SELECT DISTINCT ON (flow, side, id, criterion) flow, side, id, criterion, key FROM given ORDER BY flow, side, id, criterion, n DESC
ON CONFLICT (flow, side, id, criterion) DO UPDATE SET key = excluded.key;

-- name: candidates
-- Records of the other side ($3) that share a key with the asking ones ($2): whether they are linked, in this flow or another, and how many
-- other unlinked records of the asking side share that key. $4: asking ids; $5, $6: datatypes of the asking and of the other side.
-- Free ones are counted once per key, so that a key which thousands share costs their number, not its square.
WITH pair AS MATERIALIZED (
    SELECT own.id AS id, own.criterion AS criterion, own.key AS key, other.id AS candidate
    FROM unnest($4::text[]) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT id, criterion, key FROM match_key WHERE match_key.id = asked.id AND flow = $1 AND side = $2 OFFSET 0
    ) AS own
    CROSS JOIN LATERAL (
        SELECT id FROM match_key
        WHERE "left"(match_key.key, 300) = "left"(own.key, 300) AND match_key.key = own.key AND match_key.criterion = own.criterion
            AND flow = $1 AND side = $3 OFFSET 0
    ) AS other
), free AS MATERIALIZED (
    SELECT shared.criterion AS criterion, shared.key AS key, count(*) AS number
    FROM (SELECT DISTINCT criterion, key FROM pair) AS shared
    CROSS JOIN LATERAL (
        SELECT id FROM match_key
        WHERE "left"(match_key.key, 300) = "left"(shared.key, 300) AND match_key.key = shared.key AND match_key.criterion = shared.criterion
            AND flow = $1 AND side = $2 OFFSET 0
    ) AS rival
    WHERE (SELECT link FROM linked WHERE linked.id = rival.id AND linked.datatype = $5 AND linked.side = $2 LIMIT 1) IS NULL
    GROUP BY shared.criterion, shared.key
)
SELECT pair.id, pair.candidate, pair.criterion,
    (SELECT link FROM linked WHERE linked.id = pair.candidate AND linked.datatype = $6 AND linked.side = $3 LIMIT 1) IS NOT NULL,
    coalesce(free.number, 0)
        - ((SELECT link FROM linked WHERE linked.id = pair.id AND linked.datatype = $5 AND linked.side = $2 LIMIT 1) IS NULL)::integer
FROM pair LEFT JOIN free ON free.criterion = pair.criterion AND free.key = pair.key
ORDER BY pair.id, pair.criterion, pair.candidate;

-- name: pending_new
-- Records that a flow has to look at (again), in the order given.
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
SELECT $1, $2, $3, asked.id, 'new', '', '', '[]'::bytea, '[]'::bytea, 0, ''
FROM (SELECT id, min(n) AS n FROM unnest($4::text[]) WITH ORDINALITY AS each (id, n) GROUP BY id) AS asked ORDER BY asked.n
ON CONFLICT (side, datatype, id, flow) DO UPDATE SET state = 'new', tries = 0;

-- name: pending_put
-- given: flow text, side text, datatype text, id text, state text, rule text, cause text, waits bytea, candidates bytea, tries integer, since text
-- Records that stay behind, with their cause; since when, as long as the rule is the same.
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
SELECT flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since
FROM (SELECT DISTINCT ON (side, datatype, id, flow) * FROM given ORDER BY side, datatype, id, flow, n DESC) AS new ORDER BY n
ON CONFLICT (side, datatype, id, flow) DO UPDATE SET
    state = excluded.state, rule = excluded.rule, cause = excluded.cause, waits = excluded.waits, candidates = excluded.candidates,
    tries = pending.tries + 1, since = CASE WHEN pending.since <> '' AND pending.rule = excluded.rule THEN pending.since ELSE excluded.since END;

-- name: pending_done
-- Records that need nothing more in one flow; what they wait for goes with them.
DELETE FROM pending WHERE "row" = ANY(ARRAY(
    SELECT found."row" FROM unnest($4::text[]) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT "row" FROM pending WHERE pending.id = asked.id AND datatype = $3 AND side = $2 AND flow = $1 LIMIT 1
    ) AS found
));

-- name: pending_among
-- Which of some records are pending in any flow.
SELECT asked.id FROM unnest($3::text[]) AS asked (id)
CROSS JOIN LATERAL (SELECT 1 FROM pending WHERE pending.id = asked.id AND datatype = $2 AND side = $1 LIMIT 1) AS found;

-- name: pending_page
-- Pending rows of one state in order of arrival.
SELECT "row", flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM pending
WHERE flow = $1 AND state = $2 AND "row" > $3 ORDER BY "row" LIMIT $4;

-- name: pending_list
-- Pending rows for people, of any flow or state.
SELECT "row", flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM pending
WHERE ($1::text IS NULL OR flow = $1) AND ($2::text[] IS NULL OR state = ANY($2)) AND "row" > $3 ORDER BY "row" LIMIT $4;

-- name: pending_one
-- The pending row of one record.
SELECT "row", flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since FROM pending
WHERE side = $2 AND datatype = $3 AND id = $4 AND flow = $1;

-- name: pending_moved
-- Of the new rows of a flow: how many records have a live link in it, and how many of those links lost a record.
SELECT count(*), count(DISTINCT CASE WHEN record.gone IS NOT NULL THEN linked.link END)
FROM pending
JOIN linked ON linked.side = pending.side AND linked.datatype = pending.datatype AND linked.id = pending.id
JOIN link ON link.id = linked.link AND link.flow = $1
LEFT JOIN record ON record.side = pending.side AND record.datatype = pending.datatype AND record.id = pending.id
WHERE pending.flow = $1 AND pending.state = 'new';

-- name: pending_any
-- Whether there is a row of some states.
SELECT 1 FROM pending WHERE flow = $1 AND state = ANY($2::text[]) LIMIT 1;

-- name: pending_release
-- All rows of some states are looked at again; one row per row.
UPDATE pending SET state = 'new', tries = 0 WHERE flow = $1 AND state = ANY($2::text[]) RETURNING 1;

-- name: wait_put
-- given: flow text, side text, datatype text, id text, key text
-- What pending rows wait for.
INSERT INTO waiting_for (key, "row")
SELECT new.key, pending."row" FROM given AS new
JOIN pending ON pending.side = new.side AND pending.datatype = new.datatype AND pending.id = new.id AND pending.flow = new.flow
ON CONFLICT (key, "row") DO NOTHING;

-- name: wait_drop
-- given: flow text, side text, datatype text, id text
-- Rows wait for nothing any more, or are going to say so anew.
DELETE FROM waiting_for WHERE "row" IN (
    SELECT pending."row" FROM given AS old
    JOIN pending ON pending.side = old.side AND pending.datatype = old.datatype AND pending.id = old.id AND pending.flow = old.flow
);

-- name: wait_any
-- Whether anything waits for a link at all.
SELECT 1 FROM waiting_for LIMIT 1;

-- name: wait_wake
-- Links that were waited for are there.
UPDATE pending SET state = 'new', tries = 0
WHERE "row" IN (SELECT "row" FROM waiting_for WHERE key = ANY($1::text[])) AND state = 'waiting';

-- name: link_last
-- The highest number of a link.
SELECT coalesce(max(id), 0) FROM link;

-- name: link_put
-- given: id bigint, flow text, "left" text, "right" text, left_base bytea, right_base bytea, made text
-- New links.
INSERT INTO link (id, flow, "left", "right", left_base, right_base, made)
SELECT id, flow, "left", "right", left_base, right_base, made FROM given ORDER BY n;

-- name: linked_put
-- given: side text, datatype text, id text, link bigint
-- Records get their one live link. One that has a link already is left out, and so missed in the number of rows.
INSERT INTO linked (side, datatype, id, link) SELECT side, datatype, id, link FROM given ORDER BY n
ON CONFLICT (side, datatype, id) DO NOTHING;

-- name: linked_among
-- Which of some records have a live link, and in which flow.
SELECT asked.id, found.flow FROM unnest($3::text[]) AS asked (id)
CROSS JOIN LATERAL (SELECT link FROM linked WHERE linked.id = asked.id AND datatype = $2 AND side = $1 LIMIT 1) AS one
CROSS JOIN LATERAL (SELECT flow FROM link WHERE link.id = one.link LIMIT 1) AS found;

-- name: linked_drop
-- given: side text, datatype text, id text, link bigint
-- The links of these records have ended.
DELETE FROM linked USING given AS old
WHERE linked.side = old.side AND linked.datatype = old.datatype AND linked.id = old.id AND linked.link = old.link;

-- name: linked_move
-- A flow's datatype on one side has another name now.
UPDATE linked SET datatype = $2
WHERE side = $1 AND datatype <> $2 AND link IN (SELECT id FROM link WHERE flow = $3 AND ended IS NULL);

-- name: link_bases
-- given: id bigint, left_base bytea, right_base bytea
-- Links with new bases.
UPDATE link SET left_base = new.left_base, right_base = new.right_base
FROM (SELECT DISTINCT ON (id) * FROM given ORDER BY id, n DESC) AS new WHERE link.id = new.id;

-- name: link_end
-- Live links end; the rows stay and remember.
UPDATE link SET ended = $2 WHERE id = ANY($1::bigint[]) AND ended IS NULL RETURNING id, flow, "left", "right";

-- name: parted_put
-- given: flow text, side text, id text
-- The links of these records in this flow have ended.
INSERT INTO parted (flow, side, id) SELECT flow, side, id FROM given ON CONFLICT (flow, side, id) DO NOTHING;

-- name: parted
-- Which of some records had a link in this flow once and have none in it now.
SELECT asked.id FROM unnest($4::text[]) AS asked (id)
CROSS JOIN LATERAL (SELECT 1 FROM parted WHERE parted.id = asked.id AND flow = $1 AND side = $2 LIMIT 1) AS found
WHERE NOT EXISTS (
    SELECT 1 FROM linked JOIN link ON link.id = linked.link
    WHERE linked.id = asked.id AND linked.datatype = $3 AND linked.side = $2 AND link.flow = $1 OFFSET 0
);

-- name: links
-- Live links of one flow by their records on one side.
SELECT found.id, found.flow, found."left", found."right", found.left_base, found.right_base
FROM unnest($4::text[]) AS asked (id)
CROSS JOIN LATERAL (SELECT link FROM linked WHERE linked.id = asked.id AND datatype = $3 AND side = $2 LIMIT 1) AS one
CROSS JOIN LATERAL (SELECT * FROM link WHERE link.id = one.link LIMIT 1) AS found
WHERE found.flow = $1;

-- name: links_page
-- Live links for people, in order of making.
SELECT id, flow, "left", "right", left_base, right_base FROM link WHERE ended IS NULL AND id > $1 ORDER BY id LIMIT $2;

-- name: links_page_of_flow
-- Live links of one flow for people, in order of making.
SELECT id, flow, "left", "right", left_base, right_base FROM link WHERE flow = $3 AND ended IS NULL AND id > $1 ORDER BY id LIMIT $2;

-- name: resolve
-- The other ends of live links of one flow, by their records on one side.
SELECT asked.id, CASE $2 WHEN 'left' THEN found."right" ELSE found."left" END
FROM unnest($4::text[]) AS asked (id)
CROSS JOIN LATERAL (SELECT link FROM linked WHERE linked.id = asked.id AND datatype = $3 AND side = $2 LIMIT 1) AS one
CROSS JOIN LATERAL (SELECT * FROM link WHERE link.id = one.link LIMIT 1) AS found
WHERE found.flow = $1;

-- name: intent_last
-- The highest number of an intent.
SELECT coalesce(max(seq), 0) FROM intent;

-- name: intent_put
-- given: seq bigint, key text, run text, flow text, at text, source_side text, source text, target text
-- What is going to be written.
INSERT INTO intent (seq, key, run, flow, state, at, source_side, source, target, message)
SELECT seq, key, run, flow, 'open', at, source_side, source, target, '' FROM given ORDER BY n;

-- name: journaled_put
-- given: seq bigint, operation bytea
-- The whole operations, to be rebuilt from.
INSERT INTO journaled (seq, operation) SELECT seq, operation FROM given ORDER BY n;

-- name: intent_close
-- given: key text, state text, closed text, message text, target text
-- How they ended.
UPDATE intent SET state = new.state, closed = new.closed, message = new.message,
    target = CASE new.target WHEN '' THEN intent.target ELSE new.target END
FROM (SELECT DISTINCT ON (key) * FROM given ORDER BY key, n DESC) AS new WHERE intent.key = new.key;

-- name: intents_unfinished
-- Intents that are open or unknown, oldest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE state IN ('open', 'unknown') AND state = ANY($1::text[]) ORDER BY seq LIMIT $2;

-- name: intents
-- Intents in any states, oldest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE state = ANY($1::text[]) ORDER BY seq LIMIT $2;

-- name: history
-- What was tried with one record, newest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE seq IN (SELECT seq FROM intent WHERE flow = $1 AND source_side = $2 AND source = $3
    UNION SELECT seq FROM intent WHERE flow = $1 AND target = $3 AND target <> '' AND source_side <> $2)
ORDER BY seq DESC LIMIT $4;

-- name: given_up
-- Which of some records ($3) had a write before that was given up.
SELECT DISTINCT source FROM intent WHERE flow = $1 AND source_side = $2 AND source = ANY($3::text[]) AND state = 'abandoned';

-- name: deleted_since
-- Links of a flow that ended after a delete was sent for them since an instant, whatever its answer. Newer intents have higher numbers, so
-- only those are looked at. The kind is the third key of an operation; it is not looked up as JSON, since PostgreSQL's refuses a zero byte
-- in any of the texts. Nor is the link: within a text its quotes would be escaped.
SELECT count(DISTINCT link.id) FROM intent JOIN journaled USING (seq)
JOIN link ON link.id = substring(convert_from(operation, 'UTF8') FROM '"link":([0-9]+)')::bigint
WHERE intent.seq > coalesce((SELECT seq FROM intent WHERE at <= $2 ORDER BY seq DESC LIMIT 1), 0)
    AND intent.flow = $1 AND link.ended IS NOT NULL
    AND convert_from(operation, 'UTF8') ~ '^\{"key":"([^"\\]|\\.)*","flow":"([^"\\]|\\.)*","kind":"delete"';

-- name: written_often
-- Which of some records ($3) were written more than twice since an instant ($4), from the side $2.
SELECT target FROM intent
WHERE target = ANY($3::text[]) AND flow = $1 AND target <> '' AND source_side = $2 AND state = 'done' AND at > $4
GROUP BY target HAVING count(*) > 2;

-- name: written_since
-- The operations on some records since an instant, oldest first.
SELECT operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE intent.target = ANY($3::text[]) AND flow = $1 AND target <> '' AND source_side = $2 AND state = 'done' AND at > $4
ORDER BY intent.seq;

-- name: run_intents
-- The intents of one run, oldest first, beyond a number.
SELECT seq, operation, run, state, at, message, target, closed FROM intent JOIN journaled USING (seq)
WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- name: cursor
-- How far a datatype has been read.
SELECT "position" FROM cursor WHERE side = $1 AND datatype = $2;

-- name: cursor_put
-- The new position.
INSERT INTO cursor (side, datatype, "position") VALUES ($1, $2, $3)
ON CONFLICT (side, datatype) DO UPDATE SET "position" = excluded."position";

-- name: run_put
-- A run as it stands.
INSERT INTO run (id, cause, started, ended, result, idle, summary) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET cause = excluded.cause, started = excluded.started, ended = excluded.ended, result = excluded.result,
    idle = excluded.idle, summary = excluded.summary;

-- name: runs_forget
-- Idle runs, but for the newest so many.
DELETE FROM run WHERE idle = 1 AND id <= (SELECT id FROM run WHERE idle = 1 ORDER BY id DESC LIMIT 1 OFFSET $1);

-- name: runs
-- The newest runs.
SELECT summary FROM run ORDER BY id DESC LIMIT $1;

-- name: setting
-- A small named fact.
SELECT value FROM setting WHERE name = $1;

-- name: setting_put
-- Keep one.
INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: hint_put
-- given: side text, datatype text, id text, version text
-- Records that have to be read.
INSERT INTO hint (side, datatype, id, version)
SELECT DISTINCT ON (side, datatype, id) side, datatype, id, version FROM given ORDER BY side, datatype, id, n DESC
ON CONFLICT (side, datatype, id) DO UPDATE SET version = excluded.version;

-- name: hints
-- Records that have to be read.
SELECT id, version FROM hint WHERE side = $1 AND datatype = $2 ORDER BY id LIMIT $3;

-- name: hint_done
-- given: side text, datatype text, id text, version text
-- Hints that have been read; one that came since with another version stays.
DELETE FROM hint USING given AS old
WHERE hint.side = old.side AND hint.datatype = old.datatype AND hint.id = old.id AND hint.version IS NOT DISTINCT FROM old.version;

-- name: event_put
-- An announcement that was received; no row means that it was received before.
INSERT INTO event (id) VALUES ($1) ON CONFLICT (id) DO NOTHING RETURNING seq;

-- name: events_forget
-- Announcements so old that they would be refused by their time.
DELETE FROM event WHERE seq <= $1;

-- name: totals_links
-- Live links per flow.
SELECT flow, count(*) FROM link WHERE ended IS NULL GROUP BY flow;

-- name: totals_pending
-- Pending rows per flow and state.
SELECT flow, state, count(*) FROM pending GROUP BY flow, state;
