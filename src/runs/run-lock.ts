/**
 * lock.json of a run folder names the process that trains there, so that no second one does. Only those who write a
 * training's files take the lock; who reads a run needs none.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {createHash, randomBytes} from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {GanError} from '../errors.js';
import {quoted} from '../system-error.js';
import {lockName} from './run-folder.js';

/** A holder gives a sign of life so often: the time of the last change of its lock. */
const beatMs = 10_000;
/** Of another machine's process only the signs of life tell; long steps and metrics may block those. */
const silenceMs = 5 * 60_000;
/** How often a training looks whether the lock is still its own, at most. */
const checkMs = 1000;

/** The process that holds a lock. */
interface Holder {
  /** Tells this lock from every other one. */
  token: string;
  host: string;
  pid: number;
  /** When the process started, in clock ticks since the boot: tells a number apart that another process got. */
  start?: string;
  /** The boot and the namespace in which `pid` means something, where the system tells. */
  boot?: string;
  /** ISO 8601, UTC. */
  since: string;
  /** The run folder. A lock that was copied with the folder names the original. */
  dir: string;
}

/** A lock as found: its holder as far as it can be read, and the last sign of life, ms since 1970. */
interface Found extends Partial<Omit<Holder, 'token'>> {
  token: string;
  beat: number;
}

/** The locks of this process. A process that ends by itself leaves none. */
const held = new Set<RunLock>();
const releaseAll = (): void => [...held].forEach((lock) => lock.release());

/** The lock of a run folder, held by this process. */
export class RunLock {
  readonly dir: string;
  readonly #token: string;
  readonly #bytes: Buffer;
  readonly #file: number;
  readonly #timer: NodeJS.Timeout;
  readonly #isNew: boolean;
  #checked = performance.now();
  #isLost = false;
  #isReleased = false;

  /** @param isNew the folder was made for the run: it goes with the lock while nothing else is in it */
  constructor(dir: string, token: string, {isNew}: {isNew: boolean}) {
    this.dir = dir;
    this.#token = token;
    this.#isNew = isNew;
    this.#bytes = readFileSync(lockPath(dir));
    this.#file = openSync(lockPath(dir), 'r+');
    this.#timer = setInterval(() => this.#beat(), beatMs).unref();
    if (held.size === 0) process.on('exit', releaseAll);
    held.add(this);
  }

  /** False once another process has taken the folder over, for instance while this one was suspended. */
  get isHeld(): boolean {
    return !this.#isLost && !this.#isReleased;
  }

  /**
   * Checks that the lock is still this process's own, and gives a sign of life: for steps that leave no time to timers.
   * @throws GanError GAN_RUN_LOST (exit 2)
   */
  check(): void {
    this.#checked = performance.now();
    this.#isLost ||= this.#isOfAnother();
    if (this.#isLost) throw lost(this.dir);
    this.#beat();
  }

  #isOfAnother(): boolean {
    try {
      return readLock(lockPath(this.dir))?.token !== this.#token;
    } catch {
      return false; // the disk does not answer: who writes next is told
    }
  }

  /** The same, at most once a second: to be called at every step. */
  checkNowAndThen(): void {
    if (performance.now() - this.#checked > checkMs) this.check();
  }

  /** Gives the folder free. May be called twice. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    held.delete(this);
    if (held.size === 0) process.off('exit', releaseAll);
    clearInterval(this.#timer);
    closeSync(this.#file);
    if (this.#isLost) return;
    try {
      if (!this.#isOfAnother()) unlinkSync(lockPath(this.dir));
      if (this.#isNew) rmdirSync(this.dir);
    } catch {
      // the folder is gone or not empty; a lock that stays is told to be left over by its process
    }
  }

  /** Writes what is there already: that changes the time, by the clock of the file server. */
  #beat(): void {
    try {
      writeSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
    } catch {
      // `check` tells what matters
    }
  }
}

/**
 * Takes the lock of a run folder. One that was left by a process that is gone, as after a crash, is taken over.
 * @param isNew the folder was made for the run: it goes with the lock while nothing else is in it
 * @throws GanError GAN_RUN_IN_USE (exit 2) while another process trains there
 */
export async function lockRun(dir: string, {isNew = false}: {isNew?: boolean} = {}): Promise<RunLock> {
  const token = randomBytes(8).toString('hex');
  const own = `${lockPath(dir)}.${token}.tmp`;
  const holder: Holder = {...thisProcess(), token, since: new Date().toISOString(), dir: realpathSync(dir)};
  const write = (): void => writeFileSync(own, `${JSON.stringify(holder)}\n`);
  try {
    write();
    const now = statSync(own).mtimeMs; // by the clock of the file server, as the signs of life are
    const other = await take(lockPath(dir), {own, write, token, now});
    if (other) throw inUse(dir, other, now);
  } catch (error) {
    const {path: at, syscall} = error as NodeJS.ErrnoException;
    const isOwn = syscall !== undefined && (at ?? own) === own;
    if (isOwn) Object.assign(error as Error, {path: lockPath(dir)}); // the name that the user knows
    throw error;
  } finally {
    rmSync(own, {force: true});
  }
  return new RunLock(dir, token, {isNew});
}

/** @throws GanError GAN_RUN_IN_USE (exit 2) while a process trains in a run folder; nothing is written */
export function assertNotInUse(dir: string): void {
  const found = livingHolder(dir);
  if (found) throw inUse(dir, found, Date.now());
}

/** Whether a process trains in a run folder. */
export const isInUse = (dir: string): boolean => livingHolder(dir) !== undefined;

function livingHolder(dir: string): Found | undefined {
  const found = readLock(lockPath(dir));
  return found && !isLeft(found, lockPath(dir), Date.now()) ? found : undefined;
}

const lockPath = (dir: string): string => path.resolve(dir, lockName);

interface Taking {
  /** A file with this process's lock, under a name of its own. */
  own: string;
  /** Writes it again: who has got the lock takes it for a leftover. */
  write(): void;
  token: string;
  now: number;
}

/**
 * Gives the lock the name `file`: a link, which fails when there is one, so that the name never stands for half a file.
 *
 * A lock that is left over is replaced by the one process that gets the lock of its token, which is taken in the same
 * way. So of two that find it, one replaces it; and when that one dies, too, its lock of the token is left over in
 * turn.
 * @returns the holder, where one lives
 */
async function take(file: string, taking: Taking): Promise<Found | undefined> {
  for (;;) {
    if (linkNew(taking, file)) return undefined;
    const found = readLock(file);
    if (found?.token === taking.token) return undefined; // the answer to the first try was lost on its way
    if (!found) {
      await setTimeout(1); // it was given free meanwhile
      continue;
    }
    if (!isLeft(found, file, taking.now)) return found;
    const right = path.join(path.dirname(file), `lock.${found.token}.json`);
    const rival = await take(right, taking);
    if (rival) return rival;
    if (readLock(file)?.token === found.token) {
      renameSync(right, file);
      return undefined;
    }
    rmSync(right, {force: true}); // another one was quicker
  }
}

/** @returns false when there is a file of that name */
function linkNew({own, write}: Taking, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === 'ENOENT') {
      write(); // throws where the folder is gone
      return false;
    }
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
  }
  try {
    copyFileSync(own, file, constants.COPYFILE_EXCL); // a file system without hard links
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The most that a lock has, in bytes. */
const longest = 16_384;

/** A lock, however damaged; undefined when there is none. */
function readLock(file: string): Found | undefined {
  let opened: number;
  try {
    opened = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe must not be waited for
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(opened);
    const text = stats.isFile() && stats.size <= longest ? readFileSync(opened, 'utf8') : '';
    const token = createHash('sha256').update(text).digest('hex').slice(0, 16);
    return {token, ...parseHolder(text), beat: stats.mtimeMs};
  } finally {
    closeSync(opened);
  }
}

function parseHolder(text: string): Partial<Holder> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  const {token, host, pid, start, boot, since, dir} = (value ?? {}) as Partial<Record<keyof Holder, unknown>>;
  return {
    ...(typeof token === 'string' && /^[0-9a-f]{16}$/.test(token) && {token}),
    ...(typeof host === 'string' && {host: host.replaceAll(/[^\w.-]/g, '?').slice(0, 255)}),
    ...(Number.isInteger(pid) && (pid as number) > 0 && {pid: pid as number}),
    ...(typeof start === 'string' && {start}),
    ...(typeof boot === 'string' && {boot}),
    ...(typeof since === 'string' && !Number.isNaN(Date.parse(since)) && {since: new Date(since).toISOString()}),
    ...(typeof dir === 'string' && {dir}),
  };
}

/** Whether a lock is of a process that is gone, or is the copy of a lock of another folder. */
function isLeft(found: Found, file: string, now: number): boolean {
  const {pid, beat} = found;
  const isSilent = now - beat > silenceMs;
  if (pid === undefined || !isHere(found)) return isSilent;
  if (isCopy(found, file)) return true;
  const start = startOf(pid);
  if (start === undefined || found.start === undefined) return !isRunning(pid) || isSilent;
  return start === 'ended' || start !== found.start;
}

/** Whether the holder's pid means a process here. A host's name may change, and two may have the same. */
function isHere({host, boot}: Pick<Found, 'host' | 'boot'>): boolean {
  const here = bootOf();
  return here === undefined && boot === undefined ? host === os.hostname() : boot === here;
}

/** The folder was copied while a process trained in it: the lock is of the original. */
function isCopy({dir, token}: Found, file: string): boolean {
  if (dir === undefined || path.basename(file) !== lockName) return false;
  try {
    const original = lockPath(dir);
    const [a, b] = [statSync(original), statSync(file)];
    return (a.ino !== b.ino || a.dev !== b.dev) && readLock(original)?.token === token;
  } catch {
    return false;
  }
}

/** What a lock says about this process. */
function thisProcess(): Pick<Holder, 'host' | 'pid' | 'start' | 'boot'> {
  const start = startOf(process.pid);
  const boot = bootOf();
  return {
    host: os.hostname(),
    pid: process.pid,
    ...(start !== undefined && {start}),
    ...(boot !== undefined && {boot}),
  };
}

/** Linux tells the boot, and the namespace of process numbers: two containers of a machine may have the same name. */
function bootOf(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** When a process started (proc(5), /proc/PID/stat, field 22); `ended` of a zombie; undefined where nothing tells. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on, the state
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}

function inUse(dir: string, found: Found, now: number): GanError {
  const {host, pid, since} = found;
  const here = isHere(found);
  const who =
    pid === undefined || host === undefined
      ? 'a process that its lock.json does not name'
      : here && pid === process.pid
        ? `this process (${pid})`
        : `process ${pid} on ${here ? 'this machine' : host}`;
  const silent = `${Math.max(0, Math.round((now - found.beat) / 1000))} s ago`;
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
