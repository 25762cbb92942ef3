/** lock.json of a run folder: held by who trains there, so that no second one does. */
import {readdirSync, rmdirSync} from 'node:fs';
import path from 'node:path';
import {GanError} from '../errors.js';
import {isHere, livingHolder, nameOf, silenceMs, takeLock, type FileLock, type Holder} from '../gan/io/file-lock.js';
import {quoted} from '../system-error.js';
import {lockName} from './run-folder.js';

/** How often a training looks whether the lock is still its own, at most. */
const checkMs = 1000;

/** The lock of a run folder, held by this process. */
export class RunLock {
  readonly dir: string;
  readonly #lock: FileLock;
  #checked = performance.now();

  constructor(dir: string, lock: FileLock) {
    this.dir = dir;
    this.#lock = lock;
  }

  /** False once another process has taken the folder over, for instance while this one was suspended. */
  get isHeld(): boolean {
    return this.#lock.isHeld;
  }

  /**
   * Checks that the lock is still this process's own, and gives a sign of life: for steps that leave no time to timers.
   * @throws GanError GAN_RUN_LOST (exit 2)
   */
  check(): void {
    this.#checked = performance.now();
    if (!this.#lock.check()) throw lost(this.dir);
  }

  /** The same, at most once a second: to be called at every step. */
  checkNowAndThen(): void {
    if (performance.now() - this.#checked > checkMs) this.check();
  }

  /** Gives the folder free. May be called twice. */
  release(): void {
    this.#lock.release();
  }
}

/**
 * Takes the lock of a run folder. One that was left by a process that is gone, as after a crash, is taken over.
 * @param isNew the folder was made for the run: it goes with the lock while nothing else is in it
 * @throws GanError GAN_RUN_IN_USE (exit 2) while another process trains there
 */
export async function lockRun(dir: string, {isNew = false}: {isNew?: boolean} = {}): Promise<RunLock> {
  const refuse = (holder: Holder, now: number): GanError => inUse(dir, holder, now);
  const removeNew = (): void => {
    if (isNew && isEmpty(dir)) rmdirSync(dir);
  };
  try {
    return new RunLock(dir, await takeLock(lockPath(dir), refuse, removeNew));
  } catch (error) {
    removeNew(); // as on a full disk
    throw error;
  }
}

/** @throws GanError GAN_RUN_IN_USE (exit 2) while a process trains in a run folder; nothing is written */
export function assertNotInUse(dir: string): void {
  const holder = livingHolder(lockPath(dir));
  if (holder) throw inUse(dir, holder, Date.now());
}

/** Whether a process trains in a run folder. */
export const isInUse = (dir: string): boolean => livingHolder(lockPath(dir)) !== undefined;

function isEmpty(dir: string): boolean {
  try {
    return readdirSync(dir).length === 0;
  } catch {
    return false; // it is gone, or the disk does not answer
  }
}

const lockPath = (dir: string): string => path.resolve(dir, lockName);

function inUse(dir: string, holder: Holder, now: number): GanError {
  const {host, pid, since} = holder;
  const here = isHere(holder);
  const who =
    here && pid === process.pid
      ? `this process (${pid})`
      : (nameOf(holder) ?? `a process that its ${lockName} does not name`);
  const silent = `${Math.max(0, Math.round((now - holder.beat) / 1000))} s ago`;
  return new GanError(
    'usage',
    'GAN_RUN_IN_USE',
    `${dir} is in use: ${who} trains in it${since === undefined ? '' : ` since ${since}`} (last sign of life: ${silent}).`,
    {
      suggestions: [
        ...(here && pid !== undefined && pid !== process.pid
          ? [`kill -INT ${pid}   ends it after its step, with a checkpoint. Then try again.`]
          : here
            ? ['Close the other training of this process first.']
            : [
                `End it on ${host ?? 'its machine'}. If that is gone, wait: ${silenceMs / 60_000} minutes after the last sign of life the run is free.`,
                `If nothing trains there for certain, remove ${lockPath(dir)}.`,
              ]),
        `gan runs show ${quoted(dir)}   shows how far it is.`,
      ],
    },
  );
}

const lost = (dir: string): GanError =>
  new GanError(
    'usage',
    'GAN_RUN_LOST',
    `another process has taken over ${dir}, or its lock.json was removed, while this one did not run; it ends here, and writes nothing more.`,
    {
      suggestions: [
        `gan fit --resume ${quoted(dir)}   goes on from the last checkpoint, once the other process has ended.`,
      ],
    },
  );
