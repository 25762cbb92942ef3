/**
 * Errors of the operating system, in words: no space, no permission, a name that is too long. The one place that knows
 * their codes (errno(3), uv_err_name); whoever lets one out to a user passes it through here.
 */
import {existsSync} from 'node:fs';
import {constants} from 'node:os';
import {dirname} from 'node:path';
import {GanError, isGanError, type ErrorKind} from './errors.js';

/** What Node says of a failed call of the system. */
type SystemFault = Error & {
  code: string;
  errno?: number;
  syscall?: string;
  path?: string;
  dest?: string;
  port?: number;
};

interface Meaning {
  code: `GAN_${string}`;
  kind: ErrorKind;
  /** What is wrong, to follow "cannot be written: ". */
  why: string;
  /** What to do. `folder` is where the path lies, quoted for a shell. */
  advice(folder: string): string[];
}

const meaning = (
  code: Meaning['code'],
  kind: ErrorKind,
  why: string,
  advice: (folder: string) => string[],
): Meaning => ({code, kind, why, advice});

const badPath = (why: string, advice: string): Meaning => meaning('GAN_PATH', 'usage', why, () => [advice]);
const ioFault = (why: string): Meaning =>
  meaning('GAN_IO', 'data', why, (folder) => [
    `Look whether the disk is still there and sound: df ${folder}`,
    'Try again, or use a folder on another disk.',
  ]);
const inUse = meaning('GAN_BUSY', 'data', 'something else is using it', () => [
  'End the program that uses it, or try again later.',
]);
const tooManyFiles = meaning('GAN_TOO_MANY_FILES', 'data', 'too many files are open', () => [
  'Allow more open files, for example with: ulimit -n 4096',
]);

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: meaning('GAN_NO_SPACE', 'data', 'no space is left on the disk', (folder) => [
    `Free space there; this tells how much there is: df -h ${folder}`,
    'Or use a folder on another disk.',
  ]),
  EDQUOT: meaning('GAN_NO_SPACE', 'data', "this user's disk quota is used up", () => [
    'Delete files, or use a folder on another disk.',
  ]),
  EFBIG: meaning('GAN_FILE_SIZE', 'data', 'the file would be larger than is allowed', () => [
    'Allow larger files where `ulimit -f` limits them, or use another file system.',
  ]),
  EROFS: meaning('GAN_READ_ONLY', 'data', 'the file system is read-only', () => ['Use a folder that can be written.']),
  EACCES: meaning('GAN_NO_PERMISSION', 'data', 'this user has no permission', (folder) => [
    `This shows whose folder it is: ls -ld ${folder}`,
    'Use a folder of yours, or have the permission given.',
  ]),
  EPERM: meaning('GAN_NO_PERMISSION', 'data', 'the system does not permit it', (folder) => [
    `This shows whose folder it is: ls -ld ${folder}`,
    'Use a folder of yours, or have the permission given.',
  ]),
  ENOENT: meaning('GAN_NOT_FOUND', 'data', 'there is no such file or folder', () => [
    'Check the spelling, and that the folder exists.',
  ]),
  ELOOP: badPath('its symbolic links lead in a circle', 'Name the folder itself, not a link to it.'),
  ENAMETOOLONG: badPath('the name is too long', 'Use a shorter name: most file systems allow 255 bytes.'),
  EISDIR: badPath('it is a folder, and a file is wanted', 'Name a file.'),
  ENOTDIR: badPath('a part of the path is a file, not a folder', 'Name a path below a folder.'),
  EEXIST: badPath('there is something of that name already', 'Use another name, or move what is there away.'),
  ENOTEMPTY: badPath('the folder is not empty', 'Use another name, or move what is there away.'),
  EINVAL: badPath('the system does not accept the name', 'Use another name.'),
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  EBUSY: inUse,
  ETXTBSY: inUse,
  EAGAIN: meaning('GAN_BUSY', 'data', 'the system has too little of something just now', () => [
    'Try again later; where `ulimit -u` limits processes, allow more.',
  ]),
  EIO: ioFault('the disk, or the connection to it, reports an error'),
  ESTALE: ioFault('the network file system has lost it'),
  ENODEV: ioFault('the device is not there'),
  ENXIO: ioFault('the device is not there'),
  ENOMEM: meaning('GAN_HOST_MEMORY', 'backend', 'no memory is left', () => [
    'Close other programs, or allow this one more memory.',
    'Use a smaller --batch-size or --size, or fewer features.',
  ]),
  EADDRINUSE: meaning('GAN_PORT_IN_USE', 'usage', 'the port is in use', () => ['Use another --port.']),
  EADDRNOTAVAIL: meaning('GAN_CANNOT_LISTEN', 'usage', 'this machine does not have the address', () => [
    'Use another --host.',
  ]),
};

const noPort = meaning('GAN_CANNOT_LISTEN', 'usage', 'this user may not use the port', () => [
  'Use a --port of 1024 or more.',
]);
const noProgram = meaning('GAN_NOT_FOUND', 'config', 'there is no such program', () => [
  'Install it, or correct PATH.',
]);
const noFolder = meaning('GAN_NOT_FOUND', 'usage', 'it has been removed', () => ['Change to a folder that exists.']);

/** What was being done, by the call of the system that failed. */
const verbs: Readonly<Record<string, string>> = {
  open: 'opened',
  read: 'read',
  readlink: 'read',
  write: 'written',
  writev: 'written',
  ftruncate: 'written',
  truncate: 'written',
  fsync: 'written to the disk',
  fdatasync: 'written to the disk',
  close: 'written to the disk',
  copyfile: 'copied',
  link: 'linked',
  symlink: 'linked',
  mkdir: 'made',
  mkdtemp: 'made',
  rename: 'renamed',
  unlink: 'deleted',
  rmdir: 'deleted',
  rm: 'deleted',
  scandir: 'listed',
  opendir: 'listed',
  listen: 'listened on',
  bind: 'listened on',
  spawn: 'started',
  connect: 'reached',
  getaddrinfo: 'reached',
  chdir: 'entered',
};

/** Codes of Node for a module that is missing or does not fit this machine. */
const brokenModule = /^(ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ERR_DLOPEN_FAILED|ERR_PACKAGE_PATH_NOT_EXPORTED)$/;

/** What V8 and Node say when there is no memory for an array, a WebAssembly memory or a thread. */
const noMemory =
  /^(Invalid typed array length|Array buffer allocation failed|WebAssembly\.(Memory|instantiate)\(\).*(allocate|memory)|.*Out of memory: Cannot allocate Wasm memory)/i;

/**
 * The GanError for an error of the operating system, or of Node about the machine: with the path, what was being done
 * with it, and advice. Errors that others have wrapped are found by their `cause`.
 * @returns undefined for every other error, GanErrors too
 */
export function systemError(error: unknown): GanError | undefined {
  for (let fault = error; fault instanceof Error && !isGanError(fault); fault = fault.cause) {
    if (isSystemFault(fault)) return ofFault(fault, error);
    const {code, message} = fault as Error & {code?: unknown};
    if (typeof code === 'string' && brokenModule.test(code))
      return new GanError('config', 'GAN_INSTALLATION', `A part of the program is missing or broken: ${message}`, {
        suggestions: ['Install gan again.'],
        cause: error,
      });
    if (
      (fault instanceof RangeError && noMemory.test(message)) ||
      code === 'ERR_WORKER_OUT_OF_MEMORY' ||
      code === 'ERR_WORKER_INIT_FAILED'
    )
      return new GanError(
        'backend',
        'GAN_HOST_MEMORY',
        `Something in this training is larger than a process can hold: ${message}.`,
        {
          suggestions: [
            'Use a smaller --batch-size or --size, or fewer features.',
            'Where `ulimit -v` or a container limits memory, allow more.',
          ],
          cause: error,
        },
      );
  }
  return undefined;
}

/** Passes a promise on; what it rejects with is a GanError where it was an error of the system. */
export async function inWords<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw systemError(error) ?? error;
  }
}

/** Passes a promise on; an error of the system without a path, as of a call on an open file, gets this one. */
export async function atPath<T>(path: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (isSystemFault(error)) error.path ??= path;
    throw error;
  }
}

/** True if it was the operating system that refused, whoever has found the words for it. */
export const isOfSystem = (error: unknown): boolean =>
  error instanceof Error && (isSystemFault(error) || isOfSystem(error.cause));

/** True if the system has refused because there is no room: what was being written may fit when some is made. */
export const isNoSpace = (error: unknown): boolean =>
  error instanceof Error &&
  ((isSystemFault(error) && meanings[nameOf(error)]?.code === 'GAN_NO_SPACE') || isNoSpace(error.cause));

/** Node's word for errors that it has no name for, such as EDQUOT and ESTALE. */
const nameless = /^Unknown system error/;

function isSystemFault(error: unknown): error is SystemFault {
  if (!(error instanceof Error)) return false;
  const {code, syscall, errno} = error as Partial<SystemFault>;
  return (
    typeof code === 'string' &&
    (nameless.test(code) || (/^E[A-Z0-9]+$/.test(code) && (typeof syscall === 'string' || typeof errno === 'number')))
  );
}

/** The name of an error in errno(3); Node's words where there is none. */
function nameOf({code, errno = 0}: SystemFault): string {
  if (!nameless.test(code)) return code;
  return Object.entries(constants.errno).find(([, number]) => number === Math.abs(errno))?.[0] ?? code;
}

function ofFault(fault: SystemFault, cause: unknown): GanError {
  const code = nameOf(fault);
  const {path, dest, port} = fault;
  const [call = '', program] = (fault.syscall ?? '').split(' ');
  const {code: name, kind, why, advice} = meaningOf(code, call);
  const what =
    call === 'uv_cwd'
      ? 'The current folder'
      : (path ?? program ?? (port === undefined ? 'A file or another thing of the system' : `Port ${port}`));
  const target = dest === undefined ? '' : ` to ${dest}`;
  const folder = path === undefined ? '.' : quoted(folderOf(path));
  return new GanError(kind, name, `${what} cannot be ${verbs[call] ?? 'used'}${target}: ${why} (${code}).`, {
    suggestions: advice(folder),
    cause,
  });
}

/** The folder of a path, or the one above it that there is. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === path || folder === '.' || existsSync(folder) ? folder : folderOf(folder);
}

function meaningOf(code: string, call: string): Meaning {
  if (call === 'uv_cwd' && code === 'ENOENT') return noFolder;
  if (call === 'spawn' && code === 'ENOENT') return noProgram;
  if ((call === 'listen' || call === 'bind') && (code === 'EACCES' || code === 'EPERM')) return noPort;
  return (
    meanings[code] ??
    meaning('GAN_SYSTEM', 'data', 'the system refuses', () => ['Try again, or use a folder on another disk.'])
  );
}

/** A path, or another text, as a word of a shell's command line; for Windows as both of its shells take it. */
export function quoted(text: string, platform = process.platform): string {
  if (platform === 'win32' && /^[\w@%+=:,./\\~-]+$/.test(text)) return text;
  if (platform === 'win32') return `"${text.replaceAll('"', '""').replace(/\\+$/, '$&$&')}"`; // \" would be a quote
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
