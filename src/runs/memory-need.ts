/** Whether the memory that this process may use is enough for a training on the CPU, before it starts. */
import {GanError} from '../errors.js';
import type {GANLearner} from '../gan/gan-learner.js';
import {sidesOf} from '../options/image-size.js';
import type {RunConfig} from '../options/run-config.js';
import {bytesText, systemLimits, type Limit} from '../system-limits.js';

/** What Node and tfjs take by themselves, measured: 29 MB when the wasm device is open. */
const programBytes = 25e6;

/** From this part of the limit on, a training is likely to need more than there is. */
const near = 0.8;

type Batch = Pick<RunConfig, 'batchSize' | 'size' | 'channels'>;

/**
 * The least memory that a training can do with, in bytes by what they are for. Results of layers, and what kernels work
 * in, come on top; only the device knows them.
 */
export function leastMemory(learn: GANLearner, {batchSize, size, channels}: Batch): Record<string, number> {
  const [height, width] = sidesOf(size);
  const opt = learn.opt ?? learn.createOpt();
  const bytes = (parameters: readonly {size: number}[]): number =>
    4 * parameters.reduce((sum, {size}) => sum + size, 0);
  const generator = learn.ganModel.network('generator').parameters();
  const critic = learn.ganModel.network('critic').parameters();
  const averages = opt.groups.map((group, i) => bytes(group) * opt.rules[i]!.averages(opt.hypers[i]!).length);
  return {
    weights: bytes([...generator, ...critic]),
    gradients: Math.max(bytes(generator), bytes(critic)),
    'state of the optimizer': averages.reduce((sum, each) => sum + each, 0),
    'averaged weights': learn.ema ? bytes(generator) : 0,
    'images of a batch': 4 * batchSize * height * width * channels,
    program: programBytes,
  };
}

/**
 * Warns where a training needs nearly all of the memory that this process may use.
 * @throws GanError GAN_MEMORY_LIMIT (exit 4) where it surely needs more
 */
export function checkMemory(
  learn: GANLearner,
  config: Batch,
  warn: (message: string) => void,
  {value, by}: Limit = systemLimits().memory,
): void {
  const least = leastMemory(learn, config);
  const needed = Object.values(least).reduce((sum, bytes) => sum + bytes, 0);
  if (needed <= near * value) return;
  const parts = Object.entries(least)
    .filter(([, bytes]) => bytes >= 5e5)
    .map(([name, bytes]) => `${name} ${bytesText(bytes)}`);
  const allowed = `this process may use ${bytesText(value)} (${by ?? 'the memory of the machine'})`;
  const figures = `the training needs at least ${bytesText(needed)} of memory (${parts.join(', ')}), and ${allowed}`;
  const smaller = 'use fewer features, a smaller --size or a smaller --batch-size';
  if (needed <= value) {
    warn(`${figures}: the system may end it; ${smaller}, or allow more memory`);
    return;
  }
  throw new GanError('backend', 'GAN_MEMORY_LIMIT', figures, {suggestions: [smaller, more(by)]});
}

function more(by: string | undefined): string {
  if (by === undefined) return 'use a machine with more memory';
  if (by.startsWith('ulimit')) return 'take off the limit of address space: ulimit -v unlimited';
  return 'allow the container or the job more memory, for example with: docker run --memory, systemd-run --property MemoryMax=, or srun --mem';
}
