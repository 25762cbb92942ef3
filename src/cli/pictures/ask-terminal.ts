import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import type {ReadStream} from 'node:tty';
import {promisify} from 'node:util';
import type {Ask} from './detect.js';

const timeLimitMs = 300;

/**
 * Asks the terminal. The answer comes as if it were typed, so that the keyboard is read without echo for as long as
 * that takes; Ctrl-C still works.
 */
export const askTerminal =
  (stdin: ReadStream, out: {write(text: string): unknown}): Ask =>
  async (question, enough) => {
    if (!(await isInForeground())) return ''; // changing the terminal from the background would stop this process
    const wasRaw = stdin.isRaw;
    stdin.setRawMode(true);
    try {
      return await new Promise((resolve) => {
        let answer = '';
        const finish = (): void => {
          clearTimeout(timer);
          stdin.off('data', take);
          resolve(answer);
        };
        const take = (chunk: Buffer): void => {
          answer += chunk.toString('latin1');
          if (answer.includes('\u0003')) process.kill(process.pid, 'SIGINT');
          if (enough.test(answer) || answer.includes('\u0003')) finish();
        };
        const timer = setTimeout(finish, timeLimitMs);
        stdin.on('data', take);
        out.write(question);
      });
    } finally {
      stdin.setRawMode(wasRaw);
      stdin.pause();
      stdin.unref();
    }
  };

/**
 * True if this process may change its terminal, that is, if it belongs to the terminal's foreground process group.
 * False where this is unknown.
 */
async function isInForeground(): Promise<boolean> {
  if (process.platform === 'win32') return true; // has no job control
  try {
    const [group, foreground] =
      process.platform === 'linux'
        ? readFileSync('/proc/self/stat', 'latin1')
            .replace(/^.*\) /s, '')
            .split(' ')
            .filter((_, i) => i === 2 || i === 5) // after the name: state, parent, group, session, terminal, its group
        : (await promisify(execFile)('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)])).stdout
            .trim()
            .split(/\s+/);
    return group !== undefined && group === foreground;
  } catch {
    return false;
  }
}
