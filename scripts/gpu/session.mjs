// Runs steps one after the other in the time that there is. Each has processes of its own and a time limit; its result is
// written when it is known, so that a session that is killed leaves what it had.
import {execFileSync} from 'node:child_process';
import {accessSync, appendFileSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {availableParallelism, homedir, tmpdir} from 'node:os';
import path from 'node:path';
import {readRecords, Records, tableOf} from './records.mjs';
import {endAll, run} from './run.mjs';
import {Skipped} from './steps-of.mjs';

/** What is said of a step that was not begun. */
export const noTime = 'no time was left';

function output(command, args) {
  try {
    return execFileSync(command, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
      .trim()
      .split('\n')[0];
  } catch {
    return undefined;
  }
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a session needs of a home, where the system knows none or it cannot be written: kernels are compiled once for all. */
function homeOf(out) {
  let home;
  try {
    home = homedir();
  } catch {
    home = '';
  }
  const place = isWritable(tmpdir()) ? path.join(tmpdir(), 'gan-gpu-home') : path.join(path.resolve(out), 'home');
  return {
    ...(home === '' && {HOME: place}),
    ...(!isWritable(home) && {XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? path.join(place, 'cache')}),
  };
}

/** A new folder for what steps leave behind: in the system's for such things, or where that is not writable in `out`. */
const scratchFolder = (out) =>
  mkdtempSync(isWritable(tmpdir()) ? path.join(tmpdir(), 'gan-gpu-') : path.join(path.resolve(out), 'scratch-'));

/**
 * @param steps [name, seconds, function] each; the seconds are a limit, and the deadline of all is another
 * @param seconds until the deadline
 * @param out folder for results.jsonl, table.md, and the output of all steps in log.txt
 * @param about what else the first line says
 * @param least seconds: a step is not begun with less than that left
 * @param until a result after which no other step is made
 * @returns whether no step failed
 */
export async function runSession({steps, seconds, out, about, least = 3, until: isLast = () => false}) {
  const deadline = performance.now() + seconds * 1000;
  mkdirSync(out, {recursive: true});
  const scratch = scratchFolder(out);
  const log = path.join(out, 'log.txt');
  writeFileSync(log, '');
  const records = new Records(path.join(out, 'results.jsonl'));
  const writeTable = () => writeFileSync(path.join(out, 'table.md'), tableOf(readRecords(records.file)));
  const finish = (how) => {
    endAll();
    records.add({ended: how});
    writeTable();
    rmSync(scratch, {recursive: true, force: true});
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      finish(signal);
      process.exit(1);
    });
  const gpu = output('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']);
  records.add({session: {...about, gpu, node: process.version, date: new Date().toISOString().slice(0, 10), seconds}});
  let failed = 0;
  for (const [step, limit, work] of steps) {
    const left = () => (deadline - performance.now()) / 1000;
    const began = performance.now();
    let last = false;
    const done = (result) => {
      const line = {step, ...result, seconds: Math.round((performance.now() - began) / 100) / 10};
      records.add(line);
      writeTable();
      console.log(
        `${line.state.padEnd(8)} ${step} (${line.seconds} s)\n         ${line.what.replaceAll('\n', '\n         ')}`,
      );
      if (line.state === 'failed') failed++;
      last = isLast(line);
    };
    if (left() < least) {
      done({state: 'skipped', what: noTime});
      continue;
    }
    records.add({step});
    const until = Math.min(performance.now() + limit * 1000, deadline);
    appendFileSync(log, `\n== ${step}\n`);
    const context = {
      scratch,
      /** The lines of a command. Throws when it fails, or when the step's time is over; the error has its lines. */
      async run(command, args, {onLine = () => {}, ...options} = {}) {
        const name = [path.basename(command), ...args].join(' ');
        appendFileSync(log, `$ ${name}\n`);
        const {status, signal, timedOut, lines} = await run(command, args, {
          cwd: scratch,
          seconds: Math.max((until - performance.now()) / 1000, 0.1),
          ...options,
          // a driver's first answer on a machine that was just started may take long; images are decoded by as many threads
          // as there are processors, where Node would start four
          env: {
            GAN_CUDA_PROBE_SECONDS: '60',
            UV_THREADPOOL_SIZE: String(availableParallelism()),
            GAN_DATA_DIR: path.join(scratch, 'data'),
            ...homeOf(out),
            ...options.env,
          },
          onLine: (line) => {
            appendFileSync(log, `${line}\n`);
            onLine(line);
          },
        });
        if (status === 0) return lines;
        const why = timedOut
          ? `its time was over after ${Math.round((performance.now() - began) / 1000)} s`
          : `it ended with ${status ?? signal}`;
        throw Object.assign(new Error(`${name}: ${why}\n${lines.slice(-12).join('\n')}`), {lines});
      },
    };
    try {
      const result = await work(context);
      done({
        state: 'passed',
        ...(typeof result === 'string' ? {what: result} : {what: result.what, data: result.data}),
      });
    } catch (error) {
      done({
        state: error instanceof Skipped ? 'skipped' : 'failed',
        what: error.message,
        ...(error.data && {data: error.data}),
      });
    }
    if (last) break;
  }
  finish('by itself');
  console.log(`\n${path.join(out, 'table.md')}`);
  return failed === 0;
}
