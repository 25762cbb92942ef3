/** Trains into a run folder, to be killed: node train-child.mjs DIR SETTINGS [resume]. Tells of each checkpoint. */
import process from 'node:process';
import {openTraining} from '../../dist/runs/open-training.js';

const [dir, settings, resume] = process.argv.slice(2);
const training = await openTraining(JSON.parse(settings), {
  backend: {name: 'wasm', options: {threads: 1}},
  ...(resume && {resume: dir}),
});
process.stdout.write('begins\n');
await training.fit(dir, {
  notify(event) {
    if (event.type !== 'checkpoint') return;
    process.env.CRASH_NOTE = String(event.step); // for crash-points.c
    process.stdout.write(`checkpoint ${event.step}\n`);
  },
});
process.stdout.write('ended\n');
await training.close();
