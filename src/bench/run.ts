import {environment} from './environment.js';
import {metrics, type MetricName} from './metrics.js';
import {largestDeviation, quantile, spread} from './statistics.js';
import type {BenchJob, BenchResult, BenchRow, Ended, Failed, FailedRow, Round, ShapeResult, Spread, Started} from './types.js';
import {Worker} from './worker.js';

/** What the others' numbers are compared with: the backend that is always there. */
export const referenceBackend = 'wasm';

export interface BenchRequest {
  backends: readonly string[];
  job: BenchJob;
  /** Folders of plug-ins. */
  packages: readonly string[];
  /** Options by backend. */
  options?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How long a process may work on one order. */
  timeoutMs: number;
  notify(message: string): void;
}

/** A backend at work. */
interface Running {
  worker: Worker;
  started: Started;
  rounds: Round[];
}

/**
 * Measures backends, each in a process of its own, in turns: one round of each, then the next round, so that what the machine
 * does besides hits all of them. A backend that cannot run or dies becomes a row that says why.
 */
export async function runBench(request: BenchRequest): Promise<BenchResult> {
  const {backends, job, notify} = request;
  const failed = new Map<string, FailedRow>();
  const running: Running[] = [];
  const fail = (backend: string, {why, fix}: Failed): void => {
    failed.set(backend, {backend, ok: false, why, ...(fix !== undefined && {fix})});
    notify(`${backend}: ${why}`);
  };
  const workers: Worker[] = [];
  try {
    const facts = await environment();
    for (const backend of new Set(backends)) {
      notify(`${backend}: starting and warming up`);
      const worker = start(backend, request, workers);
      const reply = await begin(worker, request);
      if (reply.type === 'started') running.push({worker, started: reply, rounds: []});
      else fail(backend, reply);
    }
    const reference = await referenceTrace(running, request, workers);
    for (let round = 0; round < job.rounds; round++) {
      for (const each of running.filter(({worker}) => !failed.has(worker.backend))) {
        notify(`${each.worker.backend}: round ${round + 1} of ${job.rounds}`);
        const reply = await each.worker.ask({type: 'round'});
        if (reply.type === 'round') each.rounds.push(reply);
        else fail(each.worker.backend, unexpected(reply));
      }
    }
    const measured = new Map<string, BenchRow>();
    for (const each of running.filter(({worker}) => !failed.has(worker.backend))) {
      const {backend} = each.worker;
      const reply = await each.worker.ask({type: 'end'});
      if (reply.type === 'ended') measured.set(backend, row(each, reply, reference));
      else fail(backend, unexpected(reply));
    }
    const tfjs = running[0]?.started.tfjs;
    return {environment: {...facts, ...(tfjs !== undefined && {tfjs})}, job, rows: [...new Set(backends)].map((backend) => measured.get(backend) ?? failed.get(backend)!)};
  } finally {
    for (const worker of workers) worker.stop();
  }
}

function start(backend: string, {timeoutMs}: BenchRequest, workers: Worker[]): Worker {
  const worker = new Worker(backend, timeoutMs);
  workers.push(worker);
  return worker;
}

async function begin(worker: Worker, {packages, options = {}, job}: BenchRequest): Promise<Started | Failed> {
  const reply = await worker.ask({type: 'start', backend: worker.backend, packages, options: options[worker.backend] ?? {}, job});
  return reply.type === 'started' ? reply : unexpected(reply);
}

const unexpected = (reply: {type: string}): Failed => (reply.type === 'failed' ? (reply as Failed) : {type: 'failed', why: `its process answered '${reply.type}'`});

/** The reference's trace, from a process for that alone when it is not among the backends. */
async function referenceTrace(running: readonly Running[], request: BenchRequest, workers: Worker[]): Promise<Started['trace'] | undefined> {
  const there = running.find(({worker}) => worker.backend === referenceBackend);
  if (there || running.length === 0) return there?.started.trace;
  request.notify(`${referenceBackend}: its first steps, to compare with`);
  const worker = start(referenceBackend, request, workers);
  const reply = await begin(worker, request);
  worker.stop();
  return reply.type === 'started' ? reply.trace : undefined;
}

function row({worker: {backend}, started, rounds}: Running, {peakBytes, tensorBytes}: Ended, reference: Started['trace'] | undefined): BenchRow {
  const shapes = shapeResults(rounds);
  const critic = rounds.flatMap(({criticMs}) => criticMs);
  const generator = rounds.flatMap(({generatorMs}) => generatorMs);
  const found: Partial<Record<MetricName, Spread | undefined>> = {
    imagesPerSecond: spreadOf(rounds.map(({imagesPerSecond}) => imagesPerSecond)),
    criticMs: spreadOf(critic),
    criticP95Ms: tail(critic),
    generatorMs: spreadOf(generator),
    generatorP95Ms: tail(generator),
    samplesPerSecond: spreadOf(rounds.map(({samplesPerSecond}) => samplesPerSecond)),
    firstStepMs: single(started.firstStepMs),
    peakMb: single(peakBytes / 1e6),
    tensorMb: single(tensorBytes / 1e6),
    convGflops: together(shapes, 'conv'),
    matmulGflops: together(shapes, 'matmul'),
    deviation: reference && single(Math.max(largestDeviation(started.trace.losses, reference.losses), largestDeviation(started.trace.images, reference.images))),
  };
  const order = Object.keys(metrics) as MetricName[];
  return {backend, ok: true, info: started.info, metrics: Object.fromEntries(order.flatMap((name) => (found[name] ? [[name, found[name]]] : []))), shapes};
}

const single = (value: number): Spread => ({median: value, low: value, high: value});
const spreadOf = (values: readonly number[]): Spread | undefined => (values.length === 0 ? undefined : spread(values));
const tail = (values: readonly number[]): Spread | undefined => (values.length === 0 ? undefined : single(quantile(values, 0.95)));

function shapeResults(rounds: readonly Round[]): ShapeResult[] {
  const [first] = rounds;
  return (first?.shapes ?? []).map(({shape, kind, share}, i) => ({shape, kind, share, gflops: spread(rounds.map(({shapes}) => shapes[i]!.gflops))}));
}

/** The speed of several shapes, each with its share of the work: harmonic, since times add up. */
function together(shapes: readonly ShapeResult[], kind: ShapeResult['kind']): Spread | undefined {
  const mine = shapes.filter((one) => one.kind === kind);
  if (mine.length === 0) return undefined;
  const work = mine.reduce((sum, {share}) => sum + share, 0);
  const speed = (pick: keyof Spread): number => work / mine.reduce((sum, {share, gflops}) => sum + share / gflops[pick], 0);
  return {median: speed('median'), low: speed('low'), high: speed('high')};
}
