import type {TrainEvent} from '../gan/runs/train.js';
import {painter, type Output} from './style.js';
import {clock} from './time.js';

type StepEvent = Extract<TrainEvent, {type: 'step'}>;

const drawEveryMs = 100;
const lineEveryMs = 5000;

/**
 * How far the training is: one line that is redrawn on a terminal, elsewhere a new line every few seconds.
 * @param now milliseconds; for tests
 */
export class Progress {
  readonly #out: Output;
  readonly #now: () => number;
  #last = -Infinity;
  #shown = false;

  constructor(out: Output, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
  }

  step(event: StepEvent): void {
    const now = this.#now();
    const wait = this.#out.isTTY ? drawEveryMs : lineEveryMs;
    if (now - this.#last < wait && event.step < event.steps) return;
    this.#last = now;
    if (this.#out.isTTY) {
      const width = (this.#out.columns ?? 80) - 1; // the last column would wrap the cursor
      this.#out.write(`\r\u001B[K${this.#bar(event)}${describe(event).slice(0, Math.max(0, width - barWidth - 1))}`);
      this.#shown = true;
    } else {
      this.#out.write(`${describe(event)}\n`);
    }
  }

  /** Takes the live line away, so that other text can be written. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\u001B[K');
    this.#shown = false;
    if (this.#out.isTTY) this.#last = -Infinity;
  }

  #bar({step, steps}: StepEvent): string {
    const full = Math.floor((barWidth * step) / Math.max(1, steps));
    return `${painter(this.#out)('green', '━'.repeat(full))}${painter(this.#out)('dim', '─'.repeat(barWidth - full))} `;
  }
}

const barWidth = 20;

function describe(event: StepEvent): string {
  const {step, steps, epoch, critLoss, genLoss, imagesPerSecond, secondsLeft} = event;
  const losses = [['critic', critLoss], ['generator', genLoss]] as const;
  return [
    `step ${step}/${steps}`,
    `epoch ${epoch}`,
    ...losses.flatMap(([name, loss]) => (loss === undefined ? [] : [`${name} ${loss.toFixed(4)}`])),
    `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s`,
    `${clock(secondsLeft)} left`,
  ].join('  ');
}
