// What bench/gpu.mjs says of a measurement, from what its halves print.
import {median} from '../../dist/bench/statistics.js';

/** Critic steps and a generator step. */
const stepsPerRound = 6;

const libraries = ['cudnn', 'cublaslt'];
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/**
 * @param batch images of a step
 * @param measured roundMs (wall clock, several), and where it is known parts (of a round, by tf.time), peakBytes
 * @param peak TFLOP/s of the card, where they are known
 * @returns imagesPerSecond, stepMs; with parts gflopsPerStep, tflops (by wall clock), libraryShare (of the time on the
 * card); with peak peakShare
 */
export function summary(batch, {roundMs, parts, ...rest}, peak) {
  const stepMs = median(roundMs) / stepsPerRound;
  const result = {imagesPerSecond: (batch * 1000) / stepMs, stepMs};
  if (parts) {
    const all = Object.values(parts);
    result.gflopsPerStep = sum(all.map(({flops}) => flops)) / stepsPerRound / 1e9;
    result.tflops = result.gflopsPerStep / stepMs;
    result.libraryShare = sum(libraries.map((name) => parts[name].ms)) / sum(all.map(({ms}) => ms));
    if (peak !== undefined) Object.assign(result, {peakTflops: peak, peakShare: result.tflops / peak});
  }
  return {...result, roundMs, ...(parts && {parts}), ...rest};
}

const columns = [
  ['work', ({size}) => `WGAN ${size}x${size}`],
  ['batch', ({batch}) => batch],
  ['by', ({name}) => name],
  ['images/s', ({imagesPerSecond: n}) => n?.toFixed(0)],
  ['ms a step', ({stepMs: ms}) => ms?.toFixed(2)],
  ['TFLOP/s', ({tflops}) => tflops?.toFixed(1)],
  ['of the measured peak', ({peakShare: share}) => percent(share)],
  ['of the time in cuDNN and cuBLAS', ({libraryShare: share}) => percent(share)],
  ['GPU memory, MiB', ({peakBytes: bytes}) => bytes && (bytes / 2 ** 20).toFixed(0)],
];
const percent = (share) => (share === undefined ? undefined : `${(share * 100).toFixed(0)} %`);

/** The results as a table in Markdown; what failed has the reason. */
export function table(results) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    row(columns.map(([title]) => title)),
    `|${'---|'.repeat(columns.length)}`,
    ...results.map((result) =>
      row(columns.map(([title, of]) => (title === 'images/s' && result.error) || (of(result) ?? '-'))),
    ),
  ].join('\n');
}
