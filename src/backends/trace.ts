/**
 * What a process does in time, as trace events of Chrome: for chrome://tracing and ui.perfetto.dev. Kernels are in one
 * row, exchanges with other ranks in another.
 */
import {writeFileSync} from 'node:fs';
import type {Work} from './collective.js';
import {observeKernels} from './kernel-calls.js';

/** More are left out: a training of hours would fill the disk. */
const mostEvents = 200_000;

/** One span; times in microseconds. Trace Event Format, complete events. */
interface Span {
  name: string;
  ph: 'X';
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  args?: Record<string, unknown>;
}

const rows = {kernels: 1, exchanges: 2} as const;

/** The trace that is being made; undefined where there is none. */
let current: {spans: Span[]; rank: number} | undefined;

function add(row: keyof typeof rows, name: string, from: number, to: number, args?: Span['args']): void {
  if (!current || current.spans.length >= mostEvents) return;
  const {rank} = current;
  const [ts, dur] = [1000 * from, 1000 * (to - from)];
  current.spans.push({name, ph: 'X', ts, dur, pid: rank, tid: rows[row], ...(args && {args})});
}

/** Notes an exchange that is done, if a trace is made. */
export function traceExchange(bytes: number, work: Work): void {
  if (!current) return;
  const {from, to} = work.took();
  add('exchanges', `all-reduce ${(bytes / 2 ** 20).toFixed(2)} MiB`, from, to, {bytes});
}

/**
 * Notes kernels, where the current backend has all of its kernels, and exchanges.
 * @returns a function that ends it and writes the file, which is there from the beginning
 * @throws an error of the system where the file cannot be written
 */
export function startTrace(file: string, rank: number): () => void {
  writeFileSync(file, ''); // a file that cannot be written is refused before the work, not after it
  const trace = (current = {spans: [] as Span[], rank});
  const end = observeKernels(({kernel, ms, outputs}) => {
    const to = performance.timeOrigin + performance.now();
    add('kernels', kernel, to - ms, to, {shape: outputs[0]?.shape});
  });
  return () => {
    if (current === trace) current = undefined;
    end();
    const names = [
      {name: 'process_name', ph: 'M', pid: rank, args: {name: `rank ${rank}`}},
      ...Object.entries(rows).map(([name, tid]) => ({name: 'thread_name', ph: 'M', pid: rank, tid, args: {name}})),
    ];
    writeFileSync(file, JSON.stringify({traceEvents: [...names, ...trace.spans], displayTimeUnit: 'ms'}));
  };
}
