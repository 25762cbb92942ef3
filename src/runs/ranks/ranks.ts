import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {deserialize, serialize} from 'node:v8';
import type {Collective, Failure} from '../../backends/collective.js';
import {exitCodes, GanError, isGanError, messageOf, type ErrorKind} from '../../errors.js';
import type {Checkpoint} from '../../gan/checkpoint.js';
import type {PartChoice, RunConfig} from '../../options/run-config.js';
import type {Registry} from '../../plugin/registry.js';
import {shareProcessors} from '../../system-limits.js';
import {LastWords} from './last-words.js';

/** How the processes were started, as far as `launchedRanks` tells. */
export interface Launched {
  rank: number;
  size: number;
  /** The family of MPI libraries that started them. */
  launcher: 'openmpi' | 'mpich' | 'unknown';
  /** Number of this process among those on its machine, and how many these are; absent where nobody says so. */
  localRank?: number;
  localSize?: number;
}

/** The package that finds the other processes. */
const packageName = 'gan-plugin-mpi';

/** What the package makes. */
interface Processes extends Collective {
  fail(failure: Omit<Failure, 'rank' | 'host'>): Promise<void>;
  abort(exitCode: number): Promise<never>;
  close(): Promise<void>;
}

interface RanksPackage {
  MpiRanks: {
    begin(
      options: {launcher: string; size: number; silenceSeconds: number},
      lost: (failure: Failure) => Error,
    ): Promise<Processes>;
  };
}

/** What rank 0 says the others are to do. */
export type Order =
  | {
      do: 'train';
      config: RunConfig;
      /** Of data on a server, with its keys, which are not in the configuration. */
      address?: string | undefined;
      backend: PartChoice;
      checkpoint?: Checkpoint | undefined;
      /** The configuration of the run folder before this part of the run. */
      before?: RunConfig | undefined;
      /** Each rank finds what its device has memory for; the smallest counts. */
      autoBatchSize?: boolean;
    }
  | {do: 'end'; exitCode: number};

/** Seconds after which a rank that gives no sign of life counts as lost. */
const silence = {default: 30, least: 2, most: 86_400, variable: 'GAN_RANK_TIMEOUT'} as const;

/** @throws GanError GAN_RANK_TIMEOUT (exit 2) */
export function silenceIn(env: Readonly<Record<string, string | undefined>>): number {
  const text = env[silence.variable]?.trim() ?? '';
  if (text === '') return silence.default;
  const seconds = Number(text);
  if (seconds >= silence.least && seconds <= silence.most) return seconds;
  throw new GanError(
    'usage',
    silence.variable,
    `${silence.variable} is ${JSON.stringify(text)}; it must be ${silence.least} to ${silence.most} seconds.`,
    {suggestions: [`${silence.variable}=60, or unset ${silence.variable}   (without it: ${silence.default})`]},
  );
}

/** The processes of a training, and what they say to one another besides its steps. */
export class Ranks {
  readonly collective: Processes;
  readonly launched: Launched;
  readonly lastWords: LastWords;
  /** By what devices that exchange by themselves do so. */
  #sums: string | undefined;

  private constructor(collective: Processes, launched: Launched) {
    this.collective = collective;
    this.launched = launched;
    this.lastWords = new LastWords((text) => collective.note(text));
  }

  /**
   * Finds the other processes.
   * @throws GanError GAN_RANK_TIMEOUT (exit 2); GAN_MPI_MISSING, GAN_MPI, GAN_MPI_MISMATCH (exit 4)
   */
  static async begin(launched: Launched, registry: Pick<Registry, 'rootOf'>, env = process.env): Promise<Ranks> {
    const silenceSeconds = silenceIn(env);
    const module = await load(registry);
    const {launcher, size} = launched;
    const options = {launcher, size, silenceSeconds};
    const collective = await module.MpiRanks.begin(options, errorOf).catch((error: unknown) => {
      throw isGanError(error) ? error : notBegun(error);
    });
    if (collective.size !== size) throw mismatch(collective, launched);
    const {hosts, rank} = collective;
    shareProcessors(hosts.filter((host) => host === hosts[rank]).length);
    return new Ranks(collective, launched);
  }

  get rank(): number {
    return this.collective.rank;
  }

  get isFirst(): boolean {
    return this.rank === 0;
  }

  /** How the sums travel, where the device exchanges them by itself. */
  set sums(description: string) {
    this.#sums = description;
  }

  /** `4 ranks on 2 machines (Open MPI v4.1.4), sums by NCCL 2.27.5`. */
  get description(): string {
    const {size, hosts, info} = this.collective;
    const machines = new Set(hosts).size;
    const library = String(info['library']).split(',')[0]!;
    const sums = this.#sums === undefined ? '' : `, sums by ${this.#sums}`;
    return `${size} ranks on ${machines === 1 ? 'one machine' : `${machines} machines`} (${library})${sums}`;
  }

  /** Rank 0 says what to do; the others wait for it. */
  async order(order?: Order): Promise<Order> {
    return this.fromFirst<Order>(order);
  }

  /** A value of rank 0, to all. */
  async fromFirst<T>(value?: T): Promise<T> {
    const bytes = await this.collective.broadcast(this.isFirst ? serialize(value) : undefined);
    return deserialize(Buffer.from(bytes)) as T;
  }

  /** A value of each rank, to all. */
  async fromAll<T>(value: T): Promise<T[]> {
    const all = await this.collective.allGather(serialize(value));
    return all.map((bytes) => deserialize(Buffer.from(bytes)) as T);
  }

  /** Tells the others of an error of this rank, and of its exit code; one that came from another is known to them. */
  async fail(error: unknown, exitCode: number): Promise<void> {
    if (causeOf(error)) return;
    const told = isGanError(error) ? error : undefined;
    await this.collective.fail({
      message: messageOf(error),
      exitCode,
      ...(told && {kind: told.kind, code: told.code, suggestions: told.suggestions}),
    });
  }

  /**
   * Rank 0 says that the work is done.
   * @throws GanError GAN_RANK_FAILED of a rank that has an error to tell of
   */
  async end(exitCode: number): Promise<void> {
    await this.order({do: 'end', exitCode});
    await this.close();
  }

  close(): Promise<void> {
    this.lastWords.close();
    return this.collective.close();
  }
}

const codes = {failed: 'GAN_RANK_FAILED', lost: 'GAN_RANK_LOST', mpi: 'GAN_MPI'} as const;

/** What another rank has told of an error that it met, or what is known of one that is lost; undefined of any other. */
export function causeOf(error: unknown): Failure | undefined {
  const isOfAnother = isGanError(error) && (error.code === codes.failed || error.code === codes.lost);
  return isOfAnother ? (error.cause as Failure) : undefined;
}

/** The exit code of an error that came from another rank: that of its process, where it had one. */
export const exitCodeOfRank = (error: unknown): number =>
  causeOf(error)!.exitCode ?? exitCodes[(error as GanError).kind];

/**
 * Whether a rank is the one that tells people of an error: its own, or that of one that cannot any more.
 * @param error of a rank, as another one gets it, has that one's number in its `cause`
 */
export function tellsOf(error: unknown, rank: number): boolean {
  const cause = causeOf(error);
  if (!cause) return true;
  if ((error as GanError).code === codes.failed) return false; // it has told of it
  return rank === (cause.rank === 0 ? 1 : 0);
}

/** Whether rank 0 hears of an error and can save what there is: not where it is rank 0's own, nor where MPI fails. */
export function firstCanSave(error: unknown): boolean {
  if (isGanError(error) && error.code === codes.mpi) return false;
  return causeOf(error)?.rank !== 0;
}

const goOn = 'gan fit --resume RUN goes on from the last checkpoint, with as many ranks as there are.';

function errorOf({rank, host, kind, code, message, suggestions = [], exitCode}: Failure): GanError {
  if (rank === -1)
    return new GanError('backend', codes.mpi, `MPI cannot exchange any more: ${message}`, {
      suggestions: [goOn, 'gan doctor mpi   tells which library is used.'],
    });
  const cause: Failure = {rank, host, message, ...(exitCode !== undefined && {exitCode})};
  if (code === codes.lost)
    return new GanError('backend', codes.lost, `rank ${rank} on ${host} ${message}.`, {suggestions: [goOn], cause});
  const known = ['usage', 'config', 'backend', 'data', 'diverged'] as const;
  const kindOf: ErrorKind = known.find((each) => each === kind) ?? 'backend';
  const of = code === undefined ? '' : ` (${code})`;
  return new GanError(kindOf, codes.failed, `rank ${rank} on ${host} cannot go on${of}: ${message}`, {
    suggestions,
    cause,
  });
}

async function load(registry: Pick<Registry, 'rootOf'>): Promise<RanksPackage> {
  const root = registry.rootOf(packageName);
  if (root === undefined)
    throw new GanError(
      'backend',
      'GAN_MPI_MISSING',
      `Training with several ranks needs ${packageName}, which is not installed.`,
      {
        suggestions: [`gan plugins install ${packageName} (as a library: npm install ${packageName})`],
      },
    );
  return (await import(pathToFileURL(path.join(root, 'dist', 'index.js')).href)) as RanksPackage;
}

function notBegun(error: unknown): GanError {
  const {what, tried = []} = error as {what?: string; tried?: string[]};
  return what === 'no-library'
    ? new GanError('backend', 'GAN_MPI_MISSING', 'No MPI library is installed that this process can load.', {
        suggestions: [
          'Install the one that mpirun belongs to: on Debian, apt install openmpi-bin, or mpich.',
          'GAN_MPI_LIBRARY=/path/to/libmpi.so names another one.',
          ...tried.slice(0, 4),
        ],
        cause: error,
      })
    : new GanError('backend', codes.mpi, `MPI does not start: ${messageOf(error)}`, {
        suggestions: ['gan doctor mpi   tells which library is used.'],
        cause: error,
      });
}

const mismatch = ({size, info}: Collective, launched: Launched): GanError =>
  new GanError(
    'backend',
    'GAN_MPI_MISMATCH',
    `This process is one of ${launched.size}, but ${info['library']} (${info['file']}) finds ${size}: mpirun belongs to another MPI library.`,
    {
      suggestions: [
        'Use the mpirun of that library, or name its library: GAN_MPI_LIBRARY=/path/to/libmpi.so',
        'With Slurm: srun --mpi=pmix for Open MPI, srun --mpi=pmi2 for MPICH.',
      ],
    },
  );
