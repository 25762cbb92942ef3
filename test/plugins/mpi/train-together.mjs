// One of several processes that train together: each set of settings of a JSON file, one after the other, into folders.
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
    const training = await openTraining(settings, {registry, ranks, ...(resume && {resume: dir})});
    await training.fit(dir);
    console.log(`${name}: ${training.learn.capture.repeated} steps repeated`);
    await training.close();
  }
  await ranks.end(0);
} else {
  process.exitCode = await follow(ranks, {registry});
  await ranks.close();
}
