import {existsSync} from 'node:fs';
import path from 'node:path';

/**
 * A path of which there is nothing yet, for what a command writes where the user named no place: `STEM.png`,
 * `STEM-2.png`, ... So nothing is ever overwritten that nobody named.
 * @param extension with its dot; empty for a folder
 */
export function freePath(stem: string, extension = ''): string {
  for (let n = 1; ; n++) {
    const free = `${stem}${n === 1 ? '' : `-${n}`}${extension}`;
    if (!existsSync(free)) return free;
  }
}

/** The name of a run without its place: `wgan-shapes-1`. */
export const runStem = (dir: string): string => path.basename(path.resolve(dir)) || 'run';
