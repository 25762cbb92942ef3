import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Interfaces} from '@oclif/core';
import {runApart, type Answer} from '../../plugin/apart/run-apart.js';

/**
 * The commands of a plug-in that has no list of them, found by a process of its own. What it found, or why it failed,
 * is kept until a file of the plug-in changes.
 * @throws Error that says why they cannot be listed
 */
export async function listCommands(root: string, cacheDir: string): Promise<Interfaces.Manifest> {
  const file = path.join(cacheDir, 'plug-in-commands', `${stateOf(root)}.json`);
  let answer = readAnswer(file);
  if (answer === undefined) {
    const script = new URL('./commands-apart.js', import.meta.url);
    [answer] = await runApart<Interfaces.Manifest>(script, undefined, [root]);
    keep(file, answer!);
  }
  if ('fault' in answer!) throw new Error(answer.fault);
  return answer!.result;
}

/** A text that changes with the files of a plug-in, its packages apart. */
function stateOf(root: string): string {
  const hash = createHash('sha256').update(root).update(process.version);
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, {withFileTypes: true})) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) visit(full);
      } else if (entry.isFile()) {
        const {mtimeMs, size} = statSync(full);
        hash.update(`${full}\0${mtimeMs}\0${size}\0`);
      }
    }
  };
  try {
    visit(root);
  } catch {
    // a folder that cannot be read: its files do not count
  }
  return hash.digest('hex').slice(0, 32);
}

function readAnswer(file: string): Answer<Interfaces.Manifest> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Answer<Interfaces.Manifest>;
  } catch {
    return undefined;
  }
}

function keep(file: string, answer: Answer<Interfaces.Manifest>): void {
  try {
    mkdirSync(path.dirname(file), {recursive: true});
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(answer));
    renameSync(temporary, file);
  } catch {
    // it is found again next time
  }
}
