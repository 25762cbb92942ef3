// Prints the table of the results of gpu:first or gpu:check, also of one that did not come to its end.
//
//     node scripts/gpu/report.mjs bench/results/.../results.jsonl
import {readRecords, tableOf} from './records.mjs';

const [file] = process.argv.slice(2);
const records = file === undefined ? [] : readRecords(file);
if (records.length === 0) {
  console.error(
    file === undefined ? 'usage: node scripts/gpu/report.mjs results.jsonl' : `${file}: no result is there`,
  );
  process.exit(2);
}
console.log(tableOf(records));
