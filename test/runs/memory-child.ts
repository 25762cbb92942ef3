/**
 * For a process of its own, run with --expose-gc: trains 500 steps as the arguments (`key=value`) say and prints, for
 * steps 43 and 493, how many tensors are alive and how much memory the process has.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {tf} from '../../dist/backends/tf.js';
import {fit, openCpu} from './helpers.js';

/** At the same place of an epoch and of the switcher's turns, away from checkpoints. */
const marks = [43, 493];
const dir = mkdtempSync(path.join(tmpdir(), 'gan-test-'));
const device = await openCpu();
try {
  await fit({
    device,
    dir: path.join(dir, 'run'),
    set: ['steps=500', ...process.argv.slice(2)],
    notify(event) {
      if (event.type !== 'step' || !marks.includes(event.step)) return;
      const {numTensors, numBytes} = tf.memory();
      for (let i = 0; i < 3; i++) global.gc!();
      console.log(
        JSON.stringify({step: event.step, numTensors, numBytes, device: device.memory(), ...process.memoryUsage()}),
      );
    },
  });
} finally {
  await device.close();
  rmSync(dir, {recursive: true});
}
