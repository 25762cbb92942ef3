import type {TrainEvent, TrainResult} from '../../runs/train.js';
import {quoted} from '../../system-error.js';
import {findingLine} from '../run/findings.js';
import {tableHeader, tableRow} from './epoch-table.js';
import type {Protocol} from '../pictures/protocol.js';
import {SamplePictures} from '../pictures/sample-pictures.js';
import {Progress} from './progress.js';
import {indented, jsonText, printable} from '../text/printable.js';
import {styleFor, type Output} from '../text/style.js';

export interface FitOutputs {
  stdout: Output;
  stderr: Output;
  json: boolean;
  quiet: boolean;
  /** How the terminal of `stderr` shows sample grids; absent: it does not. */
  pictures?: Protocol | undefined;
}

type EpochEvent = Extract<TrainEvent, {type: 'epoch'}>;

/** Rows of epochs, about, at most. */
const mostRows = 50;

/** Time between two lines that say where a sample grid is, at least. */
const sampleLineMs = 15_000;

/** Turns the events of a training run into what a person sees, or into JSON lines. */
export class FitReport {
  readonly #to: FitOutputs;
  readonly #progress: Progress;
  readonly #pictures: SamplePictures | undefined;
  #hasHeader = false;
  /** Of so many epochs, one has a row. */
  #rowEvery = 1;
  #waiting: EpochEvent | undefined;
  #toldSample = -Infinity;

  constructor(to: FitOutputs) {
    this.#to = to;
    this.#progress = new Progress(to.stderr);
    this.#pictures = to.pictures && new SamplePictures(to.pictures, (text) => this.#showPicture(text));
  }

  readonly notify = (event: TrainEvent): void => {
    const {json, quiet} = this.#to;
    if (json) this.#print(jsonText(event));
    if (event.type === 'step') {
      if (!quiet && !json) this.#progress.step(event);
      return;
    }
    this.#progress.clear();
    if (event.type === 'warning') this.warn(event.message);
    if (json) return;
    if (event.type === 'finding') this.#tell(this.#finding(event));
    if (event.type === 'retry') this.#tell(retryLine(event));
    if (event.type === 'epoch') this.#row(event);
    if (event.type === 'sample') this.#sample(event);
    if (event.type === 'start') this.#rowEvery = Math.ceil(event.epochs / mostRows);
    if (event.type === 'start' && !quiet) this.#tell(startLine(event));
  };

  /** A warning between events. */
  warn(text: string): void {
    this.#progress.clear();
    this.#tell(`${styleFor(this.#to.stderr)('yellow', 'Warning')}: ${indented(text)}`);
  }

  /** Text between events: takes the live line away first. */
  say(text: string): void {
    this.#progress.clear();
    this.#tell(text);
  }

  /** Resolves when pictures that are being made have been shown. */
  async settle(): Promise<void> {
    await this.#pictures?.done();
  }

  /** Prints where the results are, and which command to try next. */
  end(dir: string, result: TrainResult): void {
    const {json, quiet} = this.#to;
    this.#progress.clear();
    if (json) {
      this.#print(jsonText({type: 'end', run: dir, ...result}));
      return;
    }
    this.#lastRow();
    for (const line of summary(dir, result)) this.#print(line);
    if (!quiet) this.say(nextCommand(dir, result));
  }

  /** A picture is escape sequences of our own. */
  #showPicture(text: string): void {
    this.#progress.clear();
    this.#to.stderr.write(`${text}\n`);
  }

  #print(text: string): void {
    this.#to.stdout.write(`${printable(text)}\n`);
  }

  #tell(text: string): void {
    this.#to.stderr.write(`${printable(text)}\n`);
  }

  #finding(event: Extract<TrainEvent, {type: 'finding'}>): string {
    const [colour, label] = event.state === 'seen' ? (['yellow', 'Watch'] as const) : (['green', 'Over'] as const);
    return `${styleFor(this.#to.stderr)(colour, label)} at step ${event.step}: ${findingLine(event)}`;
  }

  /** Shows a grid, or says where it is: not every one of a fast training. */
  #sample(event: Extract<TrainEvent, {type: 'sample'}>): void {
    this.#pictures?.show(event);
    if (this.#to.quiet || performance.now() - this.#toldSample < sampleLineMs) return;
    this.#toldSample = performance.now();
    this.#tell(`samples after step ${event.step}: ${event.path}`);
  }

  /** A small folder has thousands of epochs: the first and the last have a row, and of the others some. */
  #row(event: EpochEvent): void {
    const epoch = event.row[0] ?? 0;
    this.#waiting = event;
    if (this.#hasHeader && (epoch + 1) % this.#rowEvery !== 0) return;
    if (!this.#hasHeader) {
      if (this.#rowEvery > 1) this.say(`A row for every ${this.#rowEvery} epochs; metrics.jsonl has all.`);
      this.#print(tableHeader(event));
    }
    this.#hasHeader = true;
    this.#lastRow();
  }

  #lastRow(): void {
    if (this.#waiting) this.#print(tableRow(this.#waiting));
    this.#waiting = undefined;
  }
}

function startLine(event: Extract<TrainEvent, {type: 'start'}>): string {
  const {step, steps, epochs, items, generatorParameters, criticParameters, notCaptured} = event;
  const millions = (n: number): string => `${(n / 1e6).toFixed(1)} M`;
  return [
    `${items} images, ${epochs} epoch${epochs === 1 ? '' : 's'}, ${steps} steps`,
    `generator ${millions(generatorParameters)} parameters, critic ${millions(criticParameters)}`,
    ...(step > 0 ? [`going on after step ${step}`] : []),
    ...(notCaptured === undefined ? [] : [`every step is computed anew: ${notCaptured}`]),
  ].join('; ');
}

const retryLine = ({step, attempt, retries, lr, why}: Extract<TrainEvent, {type: 'retry'}>): string =>
  `Going back to the checkpoint of step ${step} (${why}): retry ${attempt} of ${retries}, with other random numbers and a learning rate of ${lr}`;

function summary(
  dir: string,
  {step, sample, checkpoint, skipped, imagesPerSecond, stopped, best}: TrainResult,
): string[] {
  return [
    ...(stopped ? [`stopped      ${stopped.why}`] : []),
    ...(best ? [`best         step ${best.step}: ${best.metric} ${best.value}`] : []),
    ...(sample === undefined ? [] : [`sample grid  ${sample}`]),
    `checkpoint   ${checkpoint}`,
    `run folder   ${dir}`,
    `steps        ${step} (${imagesPerSecond.toFixed(1)} images/s)`,
    ...(skipped.length === 0
      ? []
      : [`skipped      ${skipped.length} unreadable file${skipped.length === 1 ? '' : 's'}`]),
  ];
}

function nextCommand(dir: string, {interrupted, step, stopped, best}: TrainResult): string {
  if (stopped && stopped.by !== 'target' && stopped.by !== 'plateau')
    return `To go on from ${best ? 'the best checkpoint' : 'a checkpoint'} with other random numbers, and other learning rates if you like:\n  gan fit --resume ${quoted(dir)} --from ${best ? 'best' : 'STEP'} --attempt N --lr VALUE`;
  return interrupted
    ? `Stopped after step ${step}. To go on:\n  gan fit --resume ${quoted(dir)}`
    : `To draw images from it:\n  gan generate ${quoted(dir)}`;
}
