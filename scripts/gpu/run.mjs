// Commands with a time limit, each a group of processes of its own, which ends as a whole.
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';

const running = new Set();

function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // it has ended, or there are no groups (Windows)
  }
}

/** Ends all commands that are under way. */
export const endAll = () => running.forEach(end);

/**
 * Runs a command.
 * @param onLine is called with each line of both streams when it comes
 * @returns how it ended: `status`, or `signal`, or `timedOut`; `lines` are all that it printed
 * @throws Error when it cannot be started
 */
export function run(command, args, {seconds, env = {}, cwd, onLine = () => {}}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args.map(String), {
      cwd,
      env: {...process.env, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    running.add(child);
    const lines = [];
    const read = (stream) =>
      createInterface({input: stream}).on('line', (line) => {
        lines.push(line);
        onLine(line);
      });
    read(child.stdout);
    read(child.stderr);
    let timedOut = false;
    const clock = setTimeout(() => {
      timedOut = true;
      end(child);
    }, seconds * 1000);
    const over = () => {
      clearTimeout(clock);
      running.delete(child);
    };
    child.on('error', (error) => {
      over();
      reject(error);
    });
    child.on('close', (status, signal) => {
      over();
      resolve({status, signal, timedOut, lines});
    });
  });
}
