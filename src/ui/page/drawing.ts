import type {DrawOrder, Refusal} from '../protocol.js';

export interface Drawing {
  order: DrawOrder;
  /** A picture, or what went wrong. */
  done(result: {url: string; ms: number} | {error: string}): void;
}

/** The kind that comes before all others. */
const first = 'picture';
/** Another page has taken the turn of an order: it is sent again after so long. */
const againMs = 300;

/**
 * Sends one order at a time; of those that come meanwhile the newest of each kind follows, `picture` first; the others
 * are forgotten.
 */
export class DrawingQueue {
  readonly #waiting = new Map<string, Drawing>();
  /** The newest of each kind. */
  readonly #newest = new Map<string, Drawing>();
  #busy = false;

  ask(kind: string, drawing: Drawing): void {
    this.#newest.set(kind, drawing);
    this.#waiting.set(kind, drawing);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let next = this.#take(); next; next = this.#take()) await this.#send(...next);
    this.#busy = false;
  }

  #take(): [string, Drawing] | undefined {
    const kind = this.#waiting.has(first) ? first : this.#waiting.keys().next().value;
    if (kind === undefined) return undefined;
    const drawing = this.#waiting.get(kind)!;
    this.#waiting.delete(kind);
    return [kind, drawing];
  }

  async #send(kind: string, drawing: Drawing): Promise<void> {
    if (await send(drawing)) return;
    setTimeout(() => this.#newest.get(kind) === drawing && this.ask(kind, drawing), againMs);
  }
}

/** Returns false when another page has taken the turn. */
async function send({order, done}: Drawing): Promise<boolean> {
  const start = performance.now();
  try {
    const response = await fetch('/api/draw', {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify(order),
    });
    if (response.status === 204) return false;
    const isPicture = response.headers.get('content-type') === 'image/png';
    if (!isPicture) done({error: ((await response.json()) as Refusal).error});
    else done({url: URL.createObjectURL(await response.blob()), ms: performance.now() - start});
  } catch {
    done({error: 'the server does not answer'});
  }
  return true;
}
