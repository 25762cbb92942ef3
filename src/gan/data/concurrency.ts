/** Work that goes on at the same time: how much of it, and how far ahead of its consumer. */
import {availableParallelism} from 'node:os';

/** Runs at most `limit` tasks at a time, the others in the order they came. */
export class Limiter {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift(); // a place goes straight to the next in line
      if (next) next();
      else this.#free++;
    }
  }
}

/** Tasks of which some need to be the only ones. */
export class Together {
  #running = 0;
  #idle: (() => void) | undefined;
  /** Settles when the last task that wanted to be alone has ended. */
  #last: Promise<void> | undefined;

  /** Runs a task beside others. */
  async together<T>(task: () => Promise<T>): Promise<T> {
    while (this.#last) await this.#last;
    this.#running++;
    try {
      return await task();
    } finally {
      if (--this.#running === 0) this.#idle?.();
    }
  }

  /** Runs a task when no other runs. */
  async alone<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let end = (): void => {};
    const mine = new Promise<void>((resolve) => (end = resolve));
    this.#last = mine;
    await before;
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#idle = undefined;
    try {
      return await task();
    } finally {
      if (this.#last === mine) this.#last = undefined;
      end();
    }
  }
}

/**
 * make(from), make(from + 1), ... make(to - 1), in order, with up to `ahead` of them under way while the consumer is
 * busy. When the consumer leaves early, or one of them fails, `cancelled()` turns true and those under way are waited
 * for, so that nothing runs on afterwards.
 */
export async function* readAhead<T>(
  {from, to, ahead}: {from: number; to: number; ahead: number},
  make: (index: number, cancelled: () => boolean) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const underWay: Promise<T>[] = [];
  let cancelled = false;
  let next = from;
  const fill = () => {
    while (underWay.length < ahead && next < to) {
      const made = make(next++, () => cancelled);
      made.catch(() => {}); // looked at when its turn comes; until then no unhandled rejection
      underWay.push(made);
    }
  };
  try {
    fill();
    for (let first = underWay.shift(); first; first = underWay.shift()) {
      const value = await first;
      fill();
      yield value;
    }
  } finally {
    cancelled = true;
    await Promise.allSettled(underWay);
  }
}

/**
 * Makes something of each index from `from` to `count` - 1, one per processor at a time and at least 4. What was made
 * is used in order.
 */
export async function inOrder(
  count: number,
  make: (index: number) => Promise<() => void | Promise<void>>,
  from = 0,
): Promise<void> {
  const limiter = new Limiter(Math.max(4, availableParallelism()));
  const made = readAhead({from, to: count, ahead: 64}, (index) => limiter.run(() => make(index)));
  for await (const use of made) await use();
}
