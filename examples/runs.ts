import {openRun, openTraining} from 'gankit';

const settings = {data: 'builtin:shapes', recipe: 'quick', size: 16, batchSize: 8, steps: 20} as const;
const training = await openTraining(settings, {backend: 'wasm'});
const {step} = await training.fit('runs/example');
await training.close();

const run = await openRun('runs/example', {backend: 'wasm'});
const {swd} = await run.evaluate({metrics: ['swd'], images: 32});
const [file] = await run.export('safetensors', 'runs/example/weights.safetensors');
await run.close();
console.log(`${step} steps, sliced Wasserstein distance ${swd}, weights in ${file}`);
