import {tf} from '../../backends/tf.js';
import type {Callback} from '../../gan/callback.js';
import type {HostTensor} from '../../gan/data/types.js';
import {Rng} from '../../gan/rng.js';
import {selectBackend} from '../../runs/devices/select.js';
import {openTraining, type Training} from '../../runs/open-training.js';
import {openRegistry, pluginIn} from '../../plugin/discover.js';
import type {BenchJob, Ended, Order, Round, Started} from '../types.js';
import {dominatingShapes, countCalls, type Shape} from './shapes.js';

/** Values of the first images that are compared between backends. */
const comparedValues = 4096;

/** A training as `gan fit` would do it, without a run folder, and the time that its parts take. */
export class Measurement {
  readonly #training: Training;
  readonly #job: BenchJob;
  #shapes: Shape[] = [];
  #tensorBytes = 0;

  private constructor(training: Training, job: BenchJob) {
    this.#training = training;
    this.#job = job;
  }

  /** @throws GanError when the backend cannot run */
  static async open({backend, packages, options, job}: Extract<Order, {type: 'start'}>): Promise<Measurement> {
    const registry = openRegistry(packages.map(pluginIn));
    const given = new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: '--set'}]));
    const {device} = await selectBackend(registry, backend, given);
    return new Measurement(await openTraining(job.config, {registry, device}), job);
  }

  /** The first images and the first steps: what compiles and packs, what is compared, and which shapes there are. */
  async begin(): Promise<Started> {
    const images = Array.from((await this.#sample()).data.slice(0, comparedValues));
    const losses: number[] = [];
    const times: number[] = [];
    const stop = countCalls();
    await this.#train((_mode, milliseconds, loss) => {
      times.push(milliseconds);
      losses.push(loss);
    });
    this.#shapes = dominatingShapes(stop());
    return {
      type: 'started',
      info: this.#training.device.info,
      tfjs: tf.version_core,
      firstStepMs: times[0]!,
      trace: {losses, images},
    };
  }

  /** One round: training as it is, training step by step, sampling, single operations. */
  async round(): Promise<Round> {
    const {
      steps,
      config: {batchSize, accumulate},
    } = this.#job;
    const trainingMs = await timed(async () => {
      await this.#train();
      await this.#training.device.sync();
    });
    const [criticMs, generatorMs]: [number[], number[]] = [[], []];
    await this.#train((mode, milliseconds) => (mode === 'critic' ? criticMs : generatorMs).push(milliseconds));
    const samplingMs = await timed(() => this.#sample());
    const shapes: Round['shapes'] = [];
    for (const {title: shape, kind, share, measure} of this.#shapes)
      shapes.push({shape, kind, share, gflops: await measure(this.#training.device)});
    return {
      type: 'round',
      imagesPerSecond: (steps * batchSize * accumulate * 1000) / trainingMs,
      samplesPerSecond: (batchSize * 1000) / samplingMs,
      criticMs,
      generatorMs,
      shapes,
    };
  }

  async end(): Promise<Ended> {
    await this.#training.close();
    await this.#training.device.close();
    return {type: 'ended', peakBytes: process.resourceUsage().maxRSS * 1024, tensorBytes: this.#tensorBytes};
  }

  /** Trains the steps of a round. With `each`, the device is waited for after every step. */
  async #train(each?: (mode: 'critic' | 'generator', milliseconds: number, loss: number) => void): Promise<void> {
    let start = 0;
    const begin: Callback = {
      name: 'bench-begin',
      runBefore: ['gan-trainer'],
      beforeBatch: () => void (start = performance.now()),
    };
    const end: Callback = {
      name: 'bench-end',
      afterBatch: async ({step, stop, pendingLoss}) => {
        if (each) {
          await this.#training.device.sync();
          const milliseconds = performance.now() - start;
          await this.#training.learn.readLosses();
          each(pendingLoss!.turn!, milliseconds, pendingLoss!.value);
          this.#tensorBytes = Math.max(this.#tensorBytes, this.#training.device.memory().bytes);
        }
        if (step >= this.#job.steps) stop('the round is done');
      },
    };
    const {lr, wd} = this.#job.config;
    const epochs = Math.ceil(this.#job.steps / this.#training.learn.dls.train.length);
    await this.#training.learn.fit(epochs, lr, {
      cbs: [begin, ...this.#training.callbacks, end],
      ...(wd !== undefined && {wd}),
    });
  }

  async #sample(): Promise<HostTensor> {
    const {batchSize, latent, seed} = this.#job.config;
    return this.#training.learn.generate({
      data: new Rng(seed).fork('bench').normal(batchSize * latent),
      shape: [batchSize, latent],
    });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
