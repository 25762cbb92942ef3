import {execFile, spawn} from 'node:child_process';
import {constants} from 'node:os';
import {promisify} from 'node:util';
import {exitCodes, GanError, isGanError} from '../../errors.js';
import {valueOf} from '../../variables.js';
import {isHangupIgnored, stopSignals} from '../command/signals.js';

/** Names under which mpirun is installed. */
const launchers = ['mpirun', 'mpiexec', 'mpirun.openmpi', 'mpirun.mpich'];

/**
 * The signal that a launcher hands to its processes, which then end with a checkpoint. Open MPI's takes SIGTERM for
 * itself and ends them; Hydra (MPICH, Intel MPI) hands that on, and dies of SIGUSR2 without them.
 */
const handedOn = (isOpenMpi: boolean): NodeJS.Signals => (isOpenMpi ? 'SIGUSR2' : 'SIGTERM');

/** The command line for each rank. */
const withoutRanks = (argv: readonly string[]): string[] =>
  argv.filter((word, i) => word !== '--ranks' && argv[i - 1] !== '--ranks' && !word.startsWith('--ranks='));

/** Arguments of a launcher; the command follows. */
export function launcherArguments(isOpenMpi: boolean, ranks: number): string[] {
  const count = ['-n', String(ranks)];
  if (!isOpenMpi) return count;
  const options = ['--oversubscribe', '--bind-to', 'none']; // a rank has threads of its own
  return [...count, ...options, ...(process.getuid?.() === 0 ? ['--allow-run-as-root'] : [])];
}

/**
 * Runs this command in several processes, by the mpirun that is installed, and ends as they do.
 * @param script the file that Node runs
 * @param argv its arguments; the processes get them without --ranks
 * @returns the exit code
 * @throws GanError GAN_MPI_MISSING
 */
export async function launchRanks(ranks: number, script: string, argv: readonly string[]): Promise<number> {
  const {command, isOpenMpi} = await findLauncher();
  const ofRank = [process.execPath, script, ...withoutRanks(argv)];
  const child = spawn(command, [...launcherArguments(isOpenMpi, ranks), ...ofRank], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true, // Ctrl-C comes here alone, and is handed on
  });
  let asked: number | undefined;
  let times = 0;
  const handlers = stopSignals.map((name) => {
    const handler = (): void => {
      if (name === 'SIGHUP' && isHangupIgnored()) return;
      asked ??= 128 + constants.signals[name];
      times++;
      // the second one ends ranks that listen no more, and those that hang; then mpirun itself may hang
      child.kill(times === 1 ? handedOn(isOpenMpi) : times === 2 ? 'SIGTERM' : 'SIGKILL');
    };
    process.on(name, handler);
    return [name, handler] as const;
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const ended = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
        // after a second signal it is mpirun's own code, as Hydra's 0 may be after the first
        const isOfRank = times < 2 && isOwn(ended) && (isOpenMpi || ended !== 0);
        resolve(asked !== undefined && !isOfRank ? asked : killed(ended));
      });
    });
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
  }
}

/**
 * A rank that a signal ended is a fault of the machine, not the end that a user asked for. Open MPI's mpirun ends with
 * 128 and the signal's number, Hydra's with the number alone.
 */
function killed(code: number): number {
  const signals = (['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGBUS'] as const).map((name) => constants.signals[name]);
  const isKilled = signals.some((number) => code === 128 + number || (code === number && !isOwn(code)));
  return isKilled ? exitCodes.backend : code;
}

/** Whether an exit code is one of gan's own, other than those of signals. */
const isOwn = (code: number): boolean => Object.values<number>(exitCodes).includes(code);

/** The mpirun that is installed, or that GAN_MPIRUN names. @throws GanError GAN_MPI_MISSING */
export async function findLauncher(): Promise<{command: string; isOpenMpi: boolean}> {
  const given = valueOf('GAN_MPIRUN');
  for (const command of given ? [given] : launchers) {
    try {
      const {stdout, stderr} = await promisify(execFile)(command, ['--version']);
      if (/mpi|hydra|openrte|prrte|slurm/i.test(stdout + stderr))
        return {command, isOpenMpi: /open ?mpi|openrte|prrte/i.test(stdout)};
      if (given) throw noLauncher(`${given} is no mpirun: it does not tell the version of one`);
    } catch (error) {
      if (given) throw isGanError(error) ? error : noLauncher(`${given} cannot be run`, error);
    }
  }
  throw noLauncher('--ranks needs mpirun, which is not installed');
}

const noLauncher = (what: string, cause?: unknown): GanError =>
  new GanError('backend', 'GAN_MPI_MISSING', `${what}.`, {
    suggestions: [
      'On Debian: apt install openmpi-bin (or mpich). On macOS: brew install open-mpi.',
      'GAN_MPIRUN=/path/to/mpirun names another one.',
    ],
    ...(cause === undefined ? {} : {cause}),
  });
