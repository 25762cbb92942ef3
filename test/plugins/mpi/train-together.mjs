// One of several processes that train together: each set of settings of a JSON file, one after the other, into folders.
// Rank 0 prints a line for each: `NAME: ` and JSON.
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {openTraining} from '../../../dist/index.js';
import {launchedRanks} from '../../../dist/cli/ranks/launched.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {follow} from '../../../dist/runs/ranks/follow.js';
import {Ranks} from '../../../dist/runs/ranks/ranks.js';

const [file] = process.argv.slice(2);
const {folder, jobs} = JSON.parse(readFileSync(file, 'utf8'));
const registry = openRegistry();
const ranks = await Ranks.begin(launchedRanks(process.env), registry);
if (ranks.isFirst) {
  console.log(`${ranks.description}; ${ranks.collective.info.threadLevel}`);
  for (const {name, settings, resume} of jobs) {
    const dir = path.join(folder, name);
    const warnings = [];
    const training = await openTraining(settings, {
      registry,
      ranks,
      warn: (message) => warnings.push(message),
      ...(resume && {resume: dir}),
    });
    const result = await training.fit(dir);
    const {step, stopped, skipped} = result;
    console.log(
      `${name}: ${JSON.stringify({repeated: training.learn.capture.repeated, step, stopped, skipped, warnings})}`,
    );
    await training.close();
  }
  await ranks.end(0);
} else {
  process.exitCode = await follow(ranks, {registry});
  await ranks.close();
}
