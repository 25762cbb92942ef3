import {stripVTControlCharacters} from 'node:util';
import type {Callback} from '../../gan/callback.js';

/** Lines that are kept, and the length of each. */
const [most, longest] = [4, 160];

/**
 * What the other ranks are to tell of this one, should it be lost: the step that it is at, and the last lines that it
 * has printed. Listens to both streams until it is closed.
 */
export class LastWords {
  readonly #note: (text: string) => void;
  readonly #undo: (() => void)[];
  #lines: string[] = [];
  #step: number | undefined;

  /** @param note called with all of it when it changes */
  constructor(note: (text: string) => void, streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr]) {
    this.#note = note;
    this.#undo = streams.map((stream) => {
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
      const listening = ((...args: unknown[]) => {
        if (typeof args[0] === 'string') this.#printed(args[0]);
        return write(...args);
      }) as typeof stream.write;
      const own = Object.getOwnPropertyDescriptor(stream, 'write');
      stream.write = listening;
      return () => {
        if (stream.write !== listening) return; // somebody else listens, too
        if (own) Object.defineProperty(stream, 'write', own);
        else delete (stream as Partial<typeof stream>).write;
      };
    });
  }

  /** Follows the steps of a training. */
  ofSteps(): Callback {
    return {
      name: 'last-words',
      afterBatch: ({training, step}) => {
        if (!training) return;
        this.#step = step;
        this.#tell();
      },
    };
  }

  close(): void {
    for (const undo of this.#undo) undo();
  }

  #printed(text: string): void {
    const lines = stripVTControlCharacters(text)
      .split(/[\r\n]+/)
      .map((line) => line.trim().slice(0, longest))
      .filter((line) => line !== '');
    if (lines.length === 0) return;
    this.#lines = [...this.#lines, ...lines].slice(-most);
    this.#tell();
  }

  #tell(): void {
    const at = this.#step === undefined ? 'It had not begun to train' : `It was at step ${this.#step}`;
    const said = this.#lines.length === 0 ? '' : `. The last that it printed: ${this.#lines.join(' | ')}`;
    this.#note(at + said);
  }
}
