import type {Callback} from '../gan/callback.js';
import type {Learner} from '../gan/learner.js';
import {clock} from '../options/duration.js';

/** Between two drawings of the line in a terminal, and between two lines of a log, milliseconds. */
const [drawEveryMs, lineEveryMs] = [100, 10_000];

export interface ProgressOptions {
  /** Where it writes; standard output. */
  stream?: Pick<NodeJS.WriteStream, 'write'> & {isTTY?: boolean};
}

/**
 * Prints how a fit goes on: a row of the recorder's columns after each epoch (fastai's ProgressCallback). Between
 * them, a
 * terminal shows one line that is drawn anew, and a file or a pipe gets a plain line every ten seconds.
 */
export class ProgressCallback implements Callback {
  readonly name = 'progress';
  readonly runAfter = ['recorder', 'image-metrics', 'switcher'];
  readonly #stream: NonNullable<ProgressOptions['stream']>;
  #widths: number[] = [];
  #began = 0;
  #firstStep = 0;
  #last = 0;

  constructor({stream = process.stdout}: ProgressOptions = {}) {
    this.#stream = stream;
  }

  beforeFit(learn: Learner): void {
    this.#widths = [];
    this.#began = this.#last = performance.now();
    this.#firstStep = learn.step;
  }

  afterLossRead(learn: Learner): void {
    const now = performance.now();
    if (!learn.fitting || !learn.training || now - this.#last < (this.#stream.isTTY ? drawEveryMs : lineEveryMs))
      return;
    this.#last = now;
    const {epoch, nEpoch, step, nStep, recorder, lastLoss} = learn;
    const seconds = (now - this.#began) / 1000;
    const left = ((nStep - step) * seconds) / Math.max(1, step - this.#firstStep);
    const loss = (recorder?.smoothLoss.value ?? lastLoss!.value).toFixed(6);
    const line = `epoch ${epoch + 1}/${nEpoch}  step ${step}/${nStep}  loss ${loss}  ${clock(seconds)} < ${clock(left)}`;
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  afterEpoch({fitting, recorder}: Learner): void {
    const row = recorder?.rows.at(-1);
    if (!fitting || !row) return;
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
    if (this.#widths.length === 0) {
      const names = [...recorder!.columns, 'time'];
      this.#widths = names.map((name) => Math.max(name.length, 10));
      this.#line(names);
    }
    const values = row.values.map((value) => (value === null ? 'none' : value.toFixed(6)));
    this.#line([String(row.epoch), ...values, clock(row.seconds)]);
  }

  #line(cells: readonly string[]): void {
    this.#stream.write(
      `${cells
        .map((cell, i) => cell.padEnd(this.#widths[i] ?? 10))
        .join('  ')
        .trimEnd()}\n`,
    );
  }

  /** The line of a fit that an error ended is left as it is. */
  failed(): void {
    if (this.#stream.isTTY) this.#stream.write('\n');
  }
}
