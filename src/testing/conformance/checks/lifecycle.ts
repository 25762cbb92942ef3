/** Opening, closing, and what is told about the device. These checks close it. */
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {tf} from '../../../backends/tf.js';
import {compareArrays, type Deviation} from '../../golden/compare.js';
import {cannotRun, demand, type Check} from '../check.js';
import {tolerances} from '../tolerance.js';

/** How long a process may stay after it closed the device, before it counts as hanging. */
const graceMs = 20_000;
/** How long opening and closing may take there: first uses compile shaders. */
const limitMs = 120_000;

export const lifecycle: Check[] = [
  {
    group: 'lifecycle',
    title: 'the device tells facts, counts memory and waits for its work',
    async run(session) {
      const {name, info, memory, sync} = await session.device();
      demand(name === session.subject.name, `its name is '${name}'`);
      for (const [key, value] of Object.entries(info))
        demand(
          ['string', 'number', 'boolean'].includes(typeof value),
          `its info '${key}' is neither text, number nor boolean`,
        );
      const {bytes, tensors} = memory();
      demand(bytes >= 0 && tensors >= 0, `memory() is ${bytes} bytes in ${tensors} tensors`);
      await sync();
      return [];
    },
  },
  {
    group: 'lifecycle',
    title: 'opens, closes, and opens again',
    async run(session) {
      const deviations: Deviation[] = [];
      for (const time of ['first', 'second', 'third']) {
        await session.close();
        await session.device();
        deviations.push(...(await compute(`the ${time} time`)));
      }
      return deviations;
    },
  },
  {
    group: 'lifecycle',
    title: 'closing twice does no harm',
    async run(session) {
      const device = await session.device();
      await session.close();
      await device.close();
      await session.device();
      return compute('after it was opened again');
    },
  },
  {
    group: 'lifecycle',
    title: 'a process that closed it ends by itself',
    async run({close, subject}) {
      await close();
      if (!subject.process) cannotRun('nothing says how another process can open it');
      const {code, signal, output, hung} = await inProcess(subject.process);
      demand(!hung, `the process did not end within ${graceMs / 1000} s after the device was closed`);
      demand(code === 0, `the process ended with ${signal ?? `code ${code}`}: ${reasonIn(output)}`);
      return [];
    },
  },
];

async function compute(what: string): Promise<Deviation[]> {
  const product = tf.tidy(() =>
    tf.matMul(
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
      tf.tensor2d([
        [5, 6],
        [7, 8],
      ]),
    ),
  );
  const data = (await product.data()) as Float32Array;
  product.dispose();
  return [compareArrays(`a product ${what}`, data, [19, 22, 43, 50], tolerances.sum.values)];
}

/** The line that names an error, or the last one. */
function reasonIn(output: string): string {
  const lines = output.trim().split('\n');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)!;
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  hung: boolean;
}

/** Opens the device in a new process, computes, closes it, and waits for the process to end. */
function inProcess(how: {module: string; argument: unknown}): Promise<Ended> {
  const script = fileURLToPath(new URL('../close-and-end.js', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(how)], {stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  let hung = false;
  const stop = (): void => {
    hung = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(stop, limitMs);
  const listen = (chunk: Buffer): void => {
    output += chunk.toString();
    if (!output.includes('closed\n')) return;
    clearTimeout(timer);
    timer = setTimeout(stop, graceMs);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({code, signal, output, hung});
    });
  });
}
