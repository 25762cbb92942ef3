import {stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {GanError, messageOf} from '../../errors.js';

/** So many other files are looked at when one is gone. */
const lookedAt = 32;
/** A training goes on while no more than this share of its files has gone. */
const bearable = 0.1;

/**
 * Tells files that are broken, which others replace, from files that have gone since they were listed: a disk that was
 * unplugged, a network folder that is lost. With those a training must stop, or it would go on for long with the few
 * images that it still has in memory.
 */
export class VanishedFiles {
  readonly #paths: readonly string[];
  #count = 0;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /**
   * Looks into why a file could not be read.
   * @throws GanError GAN_DATA_GONE (exit 5) when it has gone, and most others too, or more than a tenth in all
   */
  async note(path: string): Promise<void> {
    const why = await reasonOf(path);
    if (why === undefined) return;
    this.#count++;
    const {length} = this.#paths;
    if (this.#count > Math.max(bearable * length, 1) || (await this.#areMostGone())) throw gone(path, why, length);
  }

  async #areMostGone(): Promise<boolean> {
    const count = Math.min(lookedAt, this.#paths.length);
    const some = Array.from({length: count}, (_, i) => this.#paths[Math.floor((i * this.#paths.length) / count)]!);
    const reasons = await Promise.all(some.map(reasonOf));
    return reasons.filter((reason) => reason !== undefined).length > count / 2;
  }
}

/** Why a file is not there; undefined where it is. */
const reasonOf = (path: string): Promise<string | undefined> =>
  stat(path).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );

const gone = (path: string, why: string, count: number): GanError =>
  new GanError('data', 'GAN_DATA_GONE', `The images have gone while they were used: of ${count} files, ${why}`, {
    suggestions: [`Look whether the disk or the network folder of ${dirname(path)} is still there.`],
  });
