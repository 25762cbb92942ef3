import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {deserialize, serialize} from 'node:v8';
import {secondsOf} from '../../variables.js';

/** The answer to an order: its result, or why there is none; `died`: the process has not answered. */
export type Answer<T> = {result: T} | {fault: string; died?: true};

/**
 * Gives orders to a script in a process of its own, one after the other, so that code of plug-ins that loops, ends its
 * process, prints or keeps timers harms nobody. An order during which the process ends or says nothing for too long has
 * failed; the others get another process.
 * @param script a file of src/plugin/apart or its like, which calls `answerOrders`
 * @param context what all orders have in common
 */
export async function runApart<T>(script: URL, context: unknown, orders: readonly unknown[]): Promise<Answer<T>[]> {
  const answers: Answer<T>[] = [];
  while (answers.length < orders.length) {
    const end = await runOnce(script, [context, orders.slice(answers.length)], (answer) =>
      answers.push(answer as Answer<T>),
    );
    if (answers.length < orders.length) answers.push({fault: end, died: true});
  }
  return answers;
}

/** Returns why the process ended. */
async function runOnce(script: URL, input: unknown, take: (answer: unknown) => void): Promise<string> {
  const seconds = secondsOf('GAN_PLUGIN_SECONDS');
  // the built script, also for a command that runs from its sources
  const file = fileURLToPath(script).replace(/([\\/])src([\\/].*)\.ts$/, '$1dist$2.js');
  const child = spawn(process.execPath, ['--max-old-space-size=2048', file], {
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    env: {...process.env, NODE_OPTIONS: ''},
  });
  return new Promise((resolve) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, seconds * 1000);
    createInterface({input: child.stdio[3] as Readable}).on('line', (line) => {
      timer.refresh();
      const answer: unknown = readLine(line);
      if (answer !== undefined) take(answer);
    });
    child.stdin!.on('error', () => {}); // it ended before it had read its orders
    child.stdin!.end(serialize(input));
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(late ? `no answer within ${seconds} s` : `it ends the process (${signal ?? `exit code ${code}`})`);
    });
  });
}

/** A line of another's, which found the file descriptor, is none. */
function readLine(line: string): unknown {
  try {
    return deserialize(Buffer.from(line, 'base64'));
  } catch {
    return undefined;
  }
}
