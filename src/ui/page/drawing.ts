import type {DrawOrder, Refusal} from '../protocol.js';

export interface Drawing {
  order: DrawOrder;
  /** A picture, or what went wrong. */
  done(result: {url: string; ms: number} | {error: string}): void;
}

/**
 * Sends one order at a time; of those that come meanwhile the newest of each kind follows, the others are forgotten.
 */
export class DrawingQueue {
  readonly #waiting = new Map<string, Drawing>();
  #busy = false;

  ask(kind: string, drawing: Drawing): void {
    this.#waiting.set(kind, drawing);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let next = this.#take(); next; next = this.#take()) await send(next);
    this.#busy = false;
  }

  #take(): Drawing | undefined {
    const [first] = this.#waiting;
    if (!first) return undefined;
    this.#waiting.delete(first[0]);
    return first[1];
  }
}

async function send({order, done}: Drawing): Promise<void> {
  const start = performance.now();
  try {
    const response = await fetch('/api/draw', {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify(order),
    });
    if (response.status === 204) return; // another page has taken the turn
    if (!response.ok) return done({error: ((await response.json()) as Refusal).error});
    done({url: URL.createObjectURL(await response.blob()), ms: performance.now() - start});
  } catch {
    done({error: 'the server does not answer'});
  }
}
