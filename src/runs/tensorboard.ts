import {readFile} from 'node:fs/promises';
import type {Callback} from '../gan/callback.js';
import type {Position} from '../gan/checkpoint.js';
import type {GANLearner} from '../gan/gan-learner.js';
import {EventFile, rewindEvents} from './event-file.js';
import type {RunConfig} from '../options/run-config.js';
import type {RunFolder} from './run-folder.js';

/** Histograms ask for the files, too. */
export const wantsTensorBoard = ({
  tensorboard,
  histogramEvery,
}: Pick<RunConfig, 'tensorboard' | 'histogramEvery'>): boolean => tensorboard || histogramEvery > 0;

/** The rows of epochs stand under these names. */
const epochPrefix = 'epoch/';

export interface TensorBoardLog extends Callback {
  /** Adds a sample grid. */
  sample(grid: {step: number; path: string}): Promise<void>;
  /** Adds what the watch measured. */
  watched(step: number, numbers: Readonly<Record<string, number>>): void;
  flush(): Promise<void>;
}

/**
 * Writes what TensorBoard shows to a file in the run folder: the loss of each network and the learning rate at every
 * step, images a second, the row of each epoch, sample grids, and with `histogramEvery` histograms of all weights.
 * @param attempt does the writing, which the training can go on without: what is not written waits
 */
export function logToTensorBoard(
  learn: GANLearner,
  folder: RunFolder,
  {histogramEvery}: Pick<RunConfig, 'histogramEvery'>,
  {step: goesOnAfter}: Position,
  attempt: (task: () => Promise<void>) => Promise<void>,
): TensorBoardLog {
  const file = new EventFile(() => folder.newEventFile(), goesOnAfter);
  const speed = new Speedometer();
  let written = performance.now();
  const flush = (): Promise<void> => {
    written = performance.now();
    return attempt(() => file.flush());
  };
  return {
    name: 'tensorboard',
    runAfter: ['recorder', 'image-metrics'],
    flush,
    beforeBatch: ({training}) => speed.start(training),
    async afterLossRead({lastLoss}) {
      const {training, step, value, lr, batchSize, turn, terms = {}, gradNorm, hyperparameters = {}} = lastLoss!;
      if (!training) return;
      const imagesPerSecond = speed.add(batchSize);
      file.scalars(step, {
        [`loss/${turn}`]: value,
        ...Object.fromEntries(Object.entries(terms).map(([name, term]) => [`loss/${turn}/${name}`, term])),
        ...(gradNorm !== undefined && {[`gradient_norm/${turn}`]: gradNorm}),
        learning_rate: lr!,
        ...hyperparameters,
        ...(imagesPerSecond !== undefined && {images_per_second: imagesPerSecond}),
      });
      if (performance.now() - written > 1000) await flush();
    },
    async afterBatch({training, step}) {
      if (!training || histogramEvery === 0 || step % histogramEvery !== 0) return;
      for (const [name, parameter] of learn.ganModel.namedParameters()) {
        file.histogram(step, name.replace('.', '/'), (await parameter.variable.data()) as Float32Array);
      }
    },
    afterEpoch({step, stopReason, recorder}) {
      if (stopReason !== undefined) return; // it has not ended
      const {values} = recorder!.rows.at(-1)!;
      const row = recorder!.columns
        .slice(1)
        .flatMap((name, i) => (typeof values[i] === 'number' ? [[epochPrefix + name, values[i]] as const] : []));
      if (row.length > 0) file.scalars(step, Object.fromEntries(row));
    },
    afterFit: flush,
    watched(step, numbers) {
      file.scalars(step, Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`watch/${name}`, value])));
    },
    async sample({step, path}) {
      const png = await readFile(path);
      // IHDR: width and height at 16 and 20, the colour type at 25 (PNG specification, 11.2.1)
      file.image(step, 'samples', png, {
        width: png.readUInt32BE(16),
        height: png.readUInt32BE(20),
        channels: {0: 1, 4: 2, 2: 3, 6: 4}[png[25]!] ?? 3,
      });
    },
  };
}

/** Takes from a run's event files what will come again when it goes on from `position`. */
export async function rewindTensorBoard(folder: RunFolder, {step, batch}: Position): Promise<void> {
  const isPast = (event: {step: number; tags: string[]}): boolean =>
    event.step < step ||
    // at batch 0 the epoch before is done
    (event.step === step && (batch === 0 || !event.tags.some((tag) => tag.startsWith(epochPrefix))));
  for (const path of await folder.eventFiles()) await rewindEvents(path, isPast);
}

/** Images a second, told about once a second. */
class Speedometer {
  #images = 0;
  #since: number | undefined;

  /** The clock does not run between a training and the next. */
  start(training: boolean): void {
    if (!training) this.#since = undefined;
    else if (this.#since === undefined) [this.#since, this.#images] = [performance.now(), 0];
  }

  add(images: number): number | undefined {
    this.#images += images;
    const now = performance.now();
    const seconds = (now - this.#since!) / 1000;
    if (this.#since === undefined || seconds < 1) return undefined;
    const speed = this.#images / seconds;
    [this.#since, this.#images] = [now, 0];
    return speed;
  }
}
