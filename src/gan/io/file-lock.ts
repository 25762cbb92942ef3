/**
 * Lock files: each names the process that holds it, so that no second one does what only one may. Only who writes takes
 * a lock; who reads needs none.
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

/** A holder gives a sign of life so often: the time of the last change of its lock. */
const beatMs = 10_000;
/** Of another machine's process only the signs of life tell; long steps and metrics may block those. */
export const silenceMs = 5 * 60_000;

/** What a lock says. */
interface Lock {
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
  /** The folder of the lock. A lock that was copied with its folder names the original. */
  dir: string;
}

/** The process that holds a lock, as far as the lock can be read, and its last sign of life, ms since 1970. */
export interface Holder extends Partial<Omit<Lock, 'token'>> {
  beat: number;
}

interface Found extends Holder {
  token: string;
}

/** The locks of this process. A process that ends by itself leaves none. */
const held = new Set<FileLock>();
const releaseAll = (): void => [...held].forEach((lock) => lock.release());

/** A lock file that this process holds. */
export class FileLock {
  readonly path: string;
  readonly #token: string;
  readonly #bytes: Buffer;
  readonly #file: number;
  readonly #timer: NodeJS.Timeout;
  readonly #released: () => void;
  #isLost = false;
  #isReleased = false;

  /** Of `takeLock`. */
  constructor(file: string, token: string, released: () => void) {
    this.path = file;
    this.#token = token;
    this.#released = released;
    this.#bytes = readFileSync(file);
    this.#file = openSync(file, 'r+');
    this.#timer = setInterval(() => this.#beat(), beatMs).unref();
    if (held.size === 0) process.on('exit', releaseAll);
    held.add(this);
  }

  /** False once another process has taken it over, for instance while this one was suspended. */
  get isHeld(): boolean {
    return !this.#isLost && !this.#isReleased;
  }

  /**
   * Looks whether the lock is still this process's own, and gives a sign of life: for work that leaves no time to
   * timers.
   * @returns false when it is lost
   */
  check(): boolean {
    this.#isLost ||= this.#isOfAnother();
    if (!this.#isLost) this.#beat();
    return !this.#isLost;
  }

  #isOfAnother(): boolean {
    try {
      return readLock(this.path)?.token !== this.#token;
    } catch {
      return false; // the disk does not answer: who writes next is told
    }
  }

  /** Gives it free. May be called twice. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    held.delete(this);
    if (held.size === 0) process.off('exit', releaseAll);
    clearInterval(this.#timer);
    closeSync(this.#file);
    if (this.#isLost) return;
    try {
      if (!this.#isOfAnother()) unlinkSync(this.path);
      this.#released();
    } catch {
      // the folder is gone, or has other files; a lock that stays is told to be left over by its process
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
 * Takes the lock `file`. One that was left by a process that is gone, as after a crash, is taken over.
 * @param refuse the error while another process holds it; `now`: ms since 1970, by the clock of its signs of life
 * @param released called when this process gives it free, also as it ends
 * @throws what `refuse` makes; what the system says
 */
export async function takeLock(
  file: string,
  refuse: (holder: Holder, now: number) => Error,
  released: () => void = () => {},
): Promise<FileLock> {
  const token = randomBytes(8).toString('hex');
  const own = `${file}.${token}.tmp`;
  try {
    const lock: Lock = {
      ...thisProcess(),
      token,
      since: new Date().toISOString(),
      dir: realpathSync(path.dirname(path.resolve(file))),
    };
    const write = (): void => writeFileSync(own, `${JSON.stringify(lock)}\n`);
    write();
    const now = statSync(own).mtimeMs; // by the clock of the file server, as the signs of life are
    const other = await take(file, {own, write, token, now});
    if (other) throw refuse(other, now);
  } catch (error) {
    const {path: at, syscall} = error as NodeJS.ErrnoException;
    const isOwn = syscall !== undefined && (at ?? own) === own;
    if (isOwn) Object.assign(error as Error, {path: file}); // the name that the user knows
    throw error;
  } finally {
    rmSync(own, {force: true});
  }
  return new FileLock(file, token, released);
}

/** The process that holds the lock `file`; undefined where none that lives does. Nothing is written. */
export function livingHolder(file: string): Holder | undefined {
  const found = readLock(file);
  return found && !isLeft(found, file, Date.now()) ? found : undefined;
}

/** `process 12 on this machine`; undefined where the lock does not tell. */
export function nameOf(holder: Holder): string | undefined {
  const {host, pid} = holder;
  if (pid === undefined || host === undefined) return undefined;
  return `process ${pid} on ${isHere(holder) ? 'this machine' : host}`;
}

/** The name of the lock of a token: `lock.TOKEN.json` for `lock.json`. */
function withToken(file: string, token: string): string {
  const {dir, name, ext} = path.parse(file);
  return path.join(dir, `${name}.${token}${ext}`);
}

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
    const right = withToken(file, found.token);
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

function parseHolder(text: string): Partial<Lock> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  const {token, host, pid, start, boot, since, dir} = (value ?? {}) as Partial<Record<keyof Lock, unknown>>;
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

/** Whether a lock is of a process that is gone, or is the copy of a lock in another folder. */
function isLeft(found: Found, file: string, now: number): boolean {
  const {pid, beat} = found;
  const isSilent = now - beat > silenceMs;
  if (pid === undefined || !isHere(found)) return isSilent;
  if (isCopy(found, file)) return true;
  const start = startOf(pid);
  if (start === undefined || found.start === undefined) return !isRunning(pid) || isSilent;
  return start === 'ended' || start !== found.start;
}

/**
 * Whether the holder's pid means a process here. The boot tells, since a host's name may change, and two may have the
 * same, as Windows and the Linux in it do; the name where neither system tells the boot.
 */
export function isHere({host, boot}: Pick<Holder, 'host' | 'boot'>): boolean {
  const here = bootOf();
  return here === undefined && boot === undefined ? host === os.hostname() : boot === here;
}

/** The folder was copied while the lock was held: it is that of the original. */
function isCopy({dir, token}: Found, file: string): boolean {
  if (dir === undefined) return false;
  try {
    const original = path.join(dir, path.basename(file));
    const [a, b] = [statSync(original), statSync(file)];
    return (a.ino !== b.ino || a.dev !== b.dev) && readLock(original)?.token === token;
  } catch {
    return false;
  }
}

/** What a lock says about this process. */
function thisProcess(): Pick<Lock, 'host' | 'pid' | 'start' | 'boot'> {
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
