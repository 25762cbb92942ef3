import {environment} from './environment.js';
import {metricNames, type MetricName} from './metrics.js';
import {largestDeviation, quantile, spread} from './statistics.js';
import type {
  BenchJob,
  BenchResult,
  BenchRow,
  Ended,
  FailedRow,
  Reply,
  Round,
  ShapeResult,
  Spread,
  Started,
} from './types.js';
import {Worker} from './worker.js';

/** The reference for the numbers of the other backends: the backend that is always installed. */
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
  /** Time that its rounds took. */
  seconds: number;
}

/**
 * Measures backends, each in a process of its own, in turns: one round of each, then the next round, so that what the
 * machine does besides hits all of them. A backend that cannot run or dies becomes a row that says why.
 */
export async function runBench(request: BenchRequest): Promise<BenchResult> {
  const backends = [...new Set(request.backends)];
  const workers: Worker[] = [];
  const rows = new Map<string, BenchRow>();
  /** True if the reply is the expected one. Any other reply ends the measurement of that backend. */
  const accept = <T extends Reply['type']>(
    backend: string,
    reply: Reply,
    wanted: T,
  ): reply is Extract<Reply, {type: T}> => {
    if (reply.type === wanted) return true;
    rows.set(backend, failedRow(backend, reply));
    request.notify(`${backend}: ${failedRow(backend, reply).why}`);
    return false;
  };
  try {
    const facts = await environment();
    const running: Running[] = [];
    for (const backend of backends) {
      request.notify(`${backend}: starting and warming up`);
      const {worker, reply} = await start(backend, request, workers);
      if (accept(backend, reply, 'started')) running.push({worker, started: reply, rounds: [], seconds: 0});
    }
    const reference = await referenceTrace(running, request, workers);
    const left = (): Running[] => running.filter(({worker}) => !rows.has(worker.backend));
    const unfinished = (): Running[] => left().filter((one) => !isDone(one, request.job));
    for (let round = 1; unfinished().length > 0; round++) {
      for (const one of unfinished()) {
        const {worker, rounds} = one;
        request.notify(
          `${worker.backend}: round ${round}${request.job.seconds === undefined ? ` of ${request.job.rounds}` : `, ${one.seconds.toFixed(0)} of ${request.job.seconds} s`}`,
        );
        const start = performance.now();
        const reply = await worker.ask({type: 'round'});
        one.seconds += (performance.now() - start) / 1000;
        if (accept(worker.backend, reply, 'round')) rounds.push(reply);
      }
    }
    for (const one of left()) {
      const reply = await one.worker.ask({type: 'end'});
      if (accept(one.worker.backend, reply, 'ended')) rows.set(one.worker.backend, measuredRow(one, reply, reference));
    }
    const tfjs = running[0]?.started.tfjs;
    return {
      environment: {...facts, ...(tfjs !== undefined && {tfjs})},
      job: request.job,
      rows: backends.map((backend) => rows.get(backend)!),
    };
  } finally {
    for (const worker of workers) worker.stop();
  }
}

const isDone = ({rounds, seconds}: Running, job: BenchJob): boolean =>
  rounds.length >= job.rounds && seconds >= (job.seconds ?? 0);

async function start(
  backend: string,
  {timeoutMs, packages, options = {}, job}: BenchRequest,
  workers: Worker[],
): Promise<{worker: Worker; reply: Reply}> {
  const worker = new Worker(backend, timeoutMs);
  workers.push(worker);
  return {worker, reply: await worker.ask({type: 'start', backend, packages, options: options[backend] ?? {}, job})};
}

function failedRow(backend: string, reply: Reply): FailedRow {
  if (reply.type !== 'failed') return {backend, ok: false, why: `its process answered '${reply.type}' out of turn`};
  return {backend, ok: false, why: reply.why, ...(reply.fix !== undefined && {fix: reply.fix})};
}

/** The reference's trace, from a process for that alone when it is not among the backends. */
async function referenceTrace(
  running: readonly Running[],
  request: BenchRequest,
  workers: Worker[],
): Promise<Started['trace'] | undefined> {
  const there = running.find(({worker}) => worker.backend === referenceBackend);
  if (there || running.length === 0) return there?.started.trace;
  request.notify(`${referenceBackend}: its first steps, to compare with`);
  const {worker, reply} = await start(referenceBackend, request, workers);
  worker.stop();
  return reply.type === 'started' ? reply.trace : undefined;
}

function measuredRow(
  {worker: {backend}, started, rounds}: Running,
  {peakBytes, tensorBytes}: Ended,
  reference: Started['trace'] | undefined,
): BenchRow {
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
    deviation:
      reference &&
      single(
        Math.max(
          largestDeviation(started.trace.losses, reference.losses),
          largestDeviation(started.trace.images, reference.images),
        ),
      ),
  };
  return {
    backend,
    ok: true,
    info: started.info,
    rounds: rounds.length,
    metrics: Object.fromEntries(metricNames.flatMap((name) => (found[name] ? [[name, found[name]]] : []))),
    shapes,
  };
}

const single = (value: number): Spread => ({median: value, low: value, high: value});
const spreadOf = (values: readonly number[]): Spread | undefined => (values.length === 0 ? undefined : spread(values));
const tail = (values: readonly number[]): Spread | undefined =>
  values.length === 0 ? undefined : single(quantile(values, 0.95));

function shapeResults(rounds: readonly Round[]): ShapeResult[] {
  const [first] = rounds;
  return (first?.shapes ?? []).map(({shape, kind, share}, i) => ({
    shape,
    kind,
    share,
    gflops: spread(rounds.map(({shapes}) => shapes[i]!.gflops)),
  }));
}

/** The speed of several shapes, each with its share of the work: harmonic, since times add up. */
function together(shapes: readonly ShapeResult[], kind: ShapeResult['kind']): Spread | undefined {
  const mine = shapes.filter((one) => one.kind === kind);
  if (mine.length === 0) return undefined;
  const work = mine.reduce((sum, {share}) => sum + share, 0);
  const speed = (pick: keyof Spread): number =>
    work / mine.reduce((sum, {share, gflops}) => sum + share / gflops[pick], 0);
  return {median: speed('median'), low: speed('low'), high: speed('high')};
}
