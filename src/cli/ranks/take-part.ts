/** What `gan fit` does besides where it is one of several processes. */
import {setTimeout as sleep} from 'node:timers/promises';
import {messageOf} from '../../errors.js';
import type {Given} from '../../options/options-check.js';
import type {Registry} from '../../plugin/registry.js';
import {causeOf, exitCodeOfRank, firstCanSave, tellsOf, type Ranks} from '../../runs/ranks/ranks.js';
import {flushOutput} from '../command/output.js';
import {listenForStop} from '../command/signals.js';

/** Milliseconds until the others end all: rank 0 may be saving what it can, and does it then, or is not there. */
const patienceMs = {saving: 600_000, gone: 15_000};
/** Milliseconds that a rank gives those before it to tell of the same error; all but rank 1 wait twice as long. */
const alikeMs = 1500;
const lookMs = 50;

/**
 * All of a rank but the first: it does what that one says, and writes nothing.
 * @returns the exit code of rank 0
 */
export async function followFirst(ranks: Ranks, registry: Registry, deviceName: Given | undefined): Promise<number> {
  const {follow} = await import('../../runs/ranks/follow.js');
  const stop = listenForStop(() => {});
  try {
    const exitCode = await follow(ranks, {registry, signal: stop.signal, ...(deviceName && {deviceName})});
    if (stop.fault) throw stop.fault.error;
    await ranks.close();
    return exitCode;
  } finally {
    stop.dispose();
  }
}

/**
 * Ends all ranks because of an error of one. It is told once: by the rank that has it, or, of one that cannot tell any
 * more, by the first of the others. All end when rank 0 has saved what it can.
 * @param report tells people of it, and sets the exit code
 */
export async function endAll(ranks: Ranks, error: unknown, report: () => Promise<void>): Promise<void> {
  const told = causeOf(error) ? error : await sameOfAnother(ranks, error);
  if (told === undefined || tellsOf(told, ranks.rank)) await report();
  else process.exitCode = exitCodeOfRank(told);
  const exitCode = Number(process.exitCode);
  await ranks.fail(error, exitCode);
  if (!ranks.isFirst) await sleep(firstCanSave(told ?? error) ? patienceMs.saving : patienceMs.gone);
  await flushOutput();
  await ranks.collective.abort(exitCode);
}

/**
 * The error of another rank that has met the same and tells of it; undefined where there is none. What is wrong
 * everywhere, such as data that nobody has, each rank meets: the first ones are given time to tell. Rank 0 waits for
 * nobody, but may have saved what it could before, and another one has told meanwhile.
 */
async function sameOfAnother({rank, collective}: Ranks, error: unknown): Promise<unknown> {
  const patience = alikeMs * Math.min(rank, 2);
  for (let waited = 0; ; waited += lookMs) {
    try {
      collective.check();
    } catch (failure) {
      return causeOf(failure)?.message === messageOf(error) ? failure : undefined;
    }
    if (waited >= patience) return undefined;
    await sleep(lookMs);
  }
}
