// PouchDB: two LevelDB databases in one process, replicated both ways (`sync`), with its checkpoints.
// Two-way, by whole document: of two edits of one document one wins, the other stays in the history. An edit changes a document on each
// side, of different people. Records are given as with the other peers (common.py); the node_modules are those of run.py.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [records, folder, modules] = [JSON.parse(readFileSync(process.argv[2], "utf8")), process.argv[3], process.argv[4]];
const PouchDB = createRequire(join(modules, "package.json"))("pouchdb-node");
const left = new PouchDB(join(folder, "left"));
const right = new PouchDB(join(folder, "right"));

const seconds = async (work) => {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e9;
};
const require_ = (holds, what) => {
  if (!holds) throw new Error(`not what was to be measured: ${what}`);
};
const sync = () => left.sync(right, { batch_size: 1000 });
const edit = async (side, first, change) => {
  for (let number = first; number < records.length; number += 100) {
    const document = await side.get(records[number].id);
    await side.put({ ...document, ...change });
  }
};
const count = async (side, holds) => (await side.allDocs({ include_docs: true })).rows.filter((row) => holds(row.doc)).length;

for (let start = 0; start < records.length; start += 1000) {
  await left.bulkDocs(records.slice(start, start + 1000).map(({ id, ...rest }) => ({ _id: id, ...rest })));
}
const first = await seconds(sync);
require_((await right.info()).doc_count === records.length, "all documents made");
await sync(); // the first time after a load it looks at all that it wrote itself
const none = await seconds(sync);
await edit(left, 0, { FirstName: "Edited" });
await edit(right, 50, { City: "Moved" });
const changed = await seconds(sync);
for (const side of [left, right]) {
  const hundredth = (from) => Math.ceil((records.length - from) / 100);
  require_((await count(side, (one) => one.FirstName === "Edited")) === hundredth(0), "the edits of the left");
  require_((await count(side, (one) => one.City === "Moved")) === hundredth(50), "the edits of the right");
}
const peak = (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024) / 1e6;
console.log(JSON.stringify({ first, none, changed, peak }));
