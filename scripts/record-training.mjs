// Records the training of the conformance kit on tfjs's plain JavaScript backend, which computes in float64 and stores
// float32: node scripts/record-training.mjs [STEPS=20], after a build. Writes
// src/testing/conformance/training-recording.ts.
import '@tensorflow/tfjs-backend-cpu';
import {writeFileSync} from 'node:fs';
import {tf} from '../dist/backends/tf.js';
import {smallTraining} from '../dist/testing/conformance/small-training.js';

const steps = Number(process.argv[2] ?? 20);
await tf.setBackend('cpu');
const {losses, norms} = await smallTraining({steps});
const text = `/** Made by scripts/record-training.mjs with tfjs ${tf.version_core}, backend cpu, Node ${process.version}. */
export const recordedTraining: {losses: readonly number[]; norms: {generator: number; critic: number}} = {
  losses: [
${losses.map((loss) => `    ${loss},`).join('\n')}
  ],
  norms: {generator: ${norms.generator}, critic: ${norms.critic}},
};
`;
writeFileSync(new URL('../src/testing/conformance/training-recording.ts', import.meta.url), text);
