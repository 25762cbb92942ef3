// A training in a worker thread of Node: the main thread stays free, hears of the progress, and may end the training.
import {isMainThread, parentPort, Worker} from 'node:worker_threads';
import {openTraining, type TrainEvent} from 'gankit';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', (event: TrainEvent) => {
    if (event.type === 'step' && event.step % 5 === 0) console.log(`step ${event.step}: loss ${event.loss.toFixed(3)}`);
    if (event.type === 'step' && event.step >= 10) worker.postMessage('stop');
  });
  worker.on('exit', (code) => console.log(`the worker ended with ${code}`));
} else {
  const controller = new AbortController();
  parentPort!.once('message', () => controller.abort());
  const settings = {data: 'builtin:shapes', recipe: 'quick', size: 16, batchSize: 8, steps: 1000} as const;
  const training = await openTraining(settings, {backend: 'wasm'});
  try {
    await training.fit('runs/worker', {signal: controller.signal, notify: (event) => parentPort!.postMessage(event)});
  } finally {
    await training.close();
  }
}
