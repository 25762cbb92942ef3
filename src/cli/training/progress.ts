import type {TrainEvent} from '../../runs/train.js';
import {styleFor, type Output} from '../text/style.js';
import {clock} from '../../options/duration.js';

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
      const room = (this.#out.columns ?? 80) - 1; // in the last column the cursor would wrap
      const text = describe(event).slice(0, room);
      this.#out.write(`\r\u001B[K${this.#bar(event, room - text.length - 1)}${text}`);
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

  /** The progress bar: as wide as there is room, up to 20 characters; empty when there is too little room. */
  #bar({step, steps}: StepEvent, room: number): string {
    const width = Math.min(room, 20);
    if (width < 4) return '';
    const full = Math.floor((width * step) / Math.max(1, steps));
    const paint = styleFor(this.#out);
    return `${paint('green', '━'.repeat(full))}${paint('dim', '─'.repeat(width - full))} `;
  }
}

function describe(event: StepEvent): string {
  const {step, steps, epoch, critLoss, genLoss, imagesPerSecond, secondsLeft} = event;
  const losses = [
    ['crit', critLoss],
    ['gen', genLoss],
  ] as const;
  return [
    `step ${step}/${steps}`,
    `epoch ${epoch}`,
    ...losses.flatMap(([name, loss]) => (loss === undefined ? [] : [`${name} ${loss.toFixed(4)}`])),
    `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} img/s`,
    `${clock(secondsLeft)} left`,
  ].join('  ');
}
