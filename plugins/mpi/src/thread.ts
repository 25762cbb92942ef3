/**
 * The thread that calls MPI. All calls come from here, one at a time, and none of them blocks: collective calls are
 * begun and looked at until they are done, while the main thread computes. So the thread level of the library does not
 * matter, and signs of life go on while a collective call waits for others.
 */
import {writeSync} from 'node:fs';
import {parentPort, receiveMessageOnPort, workerData} from 'node:worker_threads';
import type {Failure} from 'gankit/plugin';
import {Calls, type Request} from './calls.js';
import {failureBytes, now, state, word, type Command, type Hello, type ThreadData} from './control.js';
import {loadLibrary, NoLibrary, takesGpuMemory} from './library.js';
import {isReady} from './readiness.js';
import {Watch} from './watch.js';

/** Milliseconds that the thread sleeps at most: signs of life are due each second. */
const idleMs = 200;
/** Between two looks at calls under way, while the main thread computes. Looking takes its time on a busy core. */
const besideMs = 0.5;
/** The same while it waits, after so many looks without a pause. */
const [waitingMs, looks] = [0.05, 200];
/** While it waits for the others at the end. */
const endingMs = 1;
/**
 * Milliseconds for farewells: another rank may be at its last work for long, and is lost only when its signs of life
 * stop.
 */
const farewellMs = 600_000;
/** For bad news. */
const newsMs = 2000;
/** That the main thread may do nothing, once it is told of a failure: it may hang in a library. */
const graceMs = 25_000;
/** Of a process that ends by a fault of the machine (docs/exit-codes.md). */
const faultCode = 4;

/** A call of all ranks: these begin in their order. */
type Exchange = Extract<Command, {kind: 'allReduce' | 'allReduceAt' | 'broadcast' | 'allGather'}>;

const port = parentPort!;
const {block, failure: failureMemory, note, times: timesMemory, launcher, silenceSeconds} = workerData as ThreadData;
const words = new Int32Array(block);
const times = new Float64Array(timesMemory);

function begin(): {calls: Calls; watch: Watch} | undefined {
  try {
    const library = loadLibrary(launcher);
    const calls = new Calls(library);
    const threadLevel = calls.init();
    const [rank, size] = [calls.rank(), calls.size()];
    const comm = calls.duplicate();
    const watch = new Watch(calls, {comm, rank, size, silenceMs: 1000 * silenceSeconds, note: ownNote}, failAll);
    const {version, file} = library;
    const facts = {library: version, file, threadLevel, takesGpuMemory: takesGpuMemory(library)};
    port.postMessage({ok: true, rank, size, ...facts} satisfies Hello);
    return {calls, watch};
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    port.postMessage(
      (error instanceof NoLibrary
        ? {ok: false, what: 'no-library', message, tried: [...error.tried]}
        : {ok: false, what: 'mpi', message}) satisfies Hello,
    );
    return undefined;
  }
}

const ownNote = (): string => Buffer.from(new Uint8Array(note).slice(0, Atomics.load(words, word.note))).toString();

/** Collective calls that have not begun: one waits for its memory, and those behind it for their turn. */
const next: Exchange[] = [];
/** Calls that are under way, by their slots. */
const under = new Map<number, Request>();
/** Calls that nobody waits for any more. MPI may still write into their memory, so it is held. */
const abandoned: Request[] = [];

function end(slot: number, how: number): void {
  Atomics.store(words, word.states + slot, how);
  Atomics.notify(words, word.states + slot);
}

/** Nothing that is under way, or will be begun, comes to an end any more. */
function failAll(failure: Failure): void {
  if (hasFailed()) return;
  const text = Buffer.from(JSON.stringify(failure)).subarray(0, failureBytes);
  new Uint8Array(failureMemory).set(text);
  Atomics.store(words, word.failure, text.length);
  for (const slot of under.keys()) end(slot, state.failed);
  for (const {slot} of next) end(slot, state.failed);
  abandoned.push(...under.values());
  under.clear();
  next.length = 0;
  failedAt = performance.now();
}

let failedAt = Infinity;
let turnsSeen = 0;

/** Ends all where the main thread hangs. One that works, as on a checkpoint of this moment, is left to it. */
function endHung(calls: Calls): void {
  const turns = Atomics.load(words, word.turns);
  if (turns !== turnsSeen && failedAt !== Infinity) failedAt = performance.now();
  turnsSeen = turns;
  if (performance.now() - failedAt < graceMs) return;
  failedAt = Infinity;
  const {rank, host, message} = JSON.parse(
    Buffer.from(new Uint8Array(failureMemory).slice(0, Atomics.load(words, word.failure))).toString(),
  ) as Failure;
  const who = rank < 0 ? 'MPI' : `rank ${rank} on ${host}`;
  try {
    writeSync(2, `GAN_RANK_LOST: ${who}: ${message}. This rank hung, too, and was ended.\n`);
  } finally {
    calls.abort(faultCode); // also where nobody reads what is written
  }
}

const hasFailed = (): boolean => Atomics.load(words, word.failure) > 0;

/** MPI itself has failed in this process. */
const failHere = (error: unknown): void =>
  failAll({rank: -1, host: '', code: 'GAN_MPI', message: error instanceof Error ? error.message : String(error)});

/** Something that happens when it can, or when its time is over. */
let later: {when(): boolean; until: number; then(): void} | undefined;
let isRunning = true;

function run(calls: Calls, watch: Watch, command: Command): void {
  switch (command.kind) {
    case 'abort':
      calls.abort(command.exitCode);
      return;
    case 'processes':
      watch.processes = command.processes;
      end(command.slot, state.done);
      return;
    case 'fail':
      watch.fail(command.failure);
      later = {
        when: () => watch.isSilent,
        until: performance.now() + newsMs,
        then: () => end(command.slot, state.done),
      };
      return;
    case 'close':
      watch.close();
      later = {
        when: () => watch.isOver || hasFailed(),
        until: performance.now() + farewellMs,
        then() {
          if (hasFailed()) {
            end(command.slot, state.failed);
            return;
          }
          isRunning = false;
          try {
            if (watch.isOver) calls.finalize();
          } finally {
            end(command.slot, state.done); // somebody waits, whatever MPI says
          }
        },
      };
      return;
  }
  if (hasFailed()) end(command.slot, state.failed);
  else next.push(command);
}

/** Begins the calls whose memory is ready, in their order. */
function beginNext(calls: Calls): void {
  for (let command = next[0]; command; command = next[0]) {
    try {
      if (command.kind === 'allReduceAt' && !isReady(command.memory)) return;
      next.shift();
      times[2 * command.slot] = now();
      under.set(command.slot, begun(calls, command));
    } catch (error) {
      failHere(error); // before the end: who waits for that reads why
      end(command.slot, state.failed);
    }
  }
}

function begun(calls: Calls, command: Exchange): Request {
  switch (command.kind) {
    case 'allReduce':
      return calls.allReduce(command.values, command.op);
    case 'allReduceAt':
      return calls.allReduceAt(command.memory.address, command.memory.count);
    case 'broadcast':
      return calls.broadcast(command.bytes);
    case 'allGather':
      return calls.allGather(command.bytes, command.bytesOfEach);
  }
}

function loop(calls: Calls, watch: Watch): void {
  let looked = 0;
  while (isRunning) {
    const posted = Atomics.load(words, word.posted);
    try {
      for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
        looked = 0;
        run(calls, watch, got.message as Command);
      }
      beginNext(calls);
      for (const [slot, request] of under) {
        if (!calls.test(request)) continue;
        under.delete(slot);
        times[2 * slot + 1] = now();
        end(slot, state.done);
        looked = 0;
      }
      watch.tick();
      endHung(calls);
    } catch (error) {
      failHere(error);
    }
    if (later && (later.when() || performance.now() > later.until)) {
      const {then} = later;
      later = undefined;
      then();
    }
    looked++;
    const isWaiting = Atomics.load(words, word.waiting) === 1;
    const isBusy = under.size + next.length > 0;
    if (isBusy && isWaiting && looked < looks) continue;
    const pause = isBusy ? (isWaiting ? waitingMs : besideMs) : later ? endingMs : idleMs;
    Atomics.wait(words, word.posted, posted, pause);
  }
}

const ready = begin();
if (ready) loop(ready.calls, ready.watch);
