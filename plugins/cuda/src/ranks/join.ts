import type {Collective, DeviceCollective, DeviceSums, Gan} from 'gankit/plugin';
import type {CudaDevice} from '../device.js';
import {CudaError} from '../driver/cuda-error.js';
import type {Driver} from '../driver/driver.js';
import type {Nccl} from '../nccl/communicator.js';
import {Exchange} from './exchange.js';
import {gpuSums, pinnedSums, type DriverOfThread} from './mpi-sums.js';
import {ncclSums} from './nccl-sums.js';

/** The ways to exchange, the best first: NCCL, MPI with memory of the GPU, MPI with pinned memory of the host. */
const ways = ['nccl', 'mpi', 'host'] as const;
type Way = (typeof ways)[number];

/** What a rank can do. */
export interface Offer {
  ways: Way[];
  /** Machine and UUID: two ranks may have the same. */
  gpu: string;
  /** Version of NCCL. */
  nccl?: string;
  /** Why it has none, where one was found. */
  noNccl?: string;
  /** The only way that it may take. */
  wanted?: string;
}

export interface RankParts {
  api: Pick<Gan, 'GanError'>;
  device: CudaDevice;
  driver: Driver;
  thread: DriverOfThread;
  /** Of the card. */
  uuid: string;
  /** Undefined where there is none. Loads it. @throws Error of the loader */
  nccl(): Nccl | undefined;
  /** GAN_CUDA_RANKS: takes this way only. */
  wanted?: string | undefined;
}

/** How the CUDA device exchanges with other ranks. */
export const collective = (parts: RankParts): DeviceCollective => ({join: (ranks) => join(parts, ranks)});

async function join(parts: RankParts, ranks: Collective): Promise<DeviceSums> {
  const {api, device, driver, thread, uuid} = parts;
  const {GanError} = api;
  const wanted = parts.wanted || undefined;
  if (wanted !== undefined && !ways.some((way) => way === wanted))
    throw new GanError('usage', 'GAN_CUDA_RANKS', `GAN_CUDA_RANKS is ${JSON.stringify(wanted)}.`, {
      suggestions: [`It takes one of: ${ways.join(', ')}; without it the best that there is.`],
    });
  const mayUse = (way: Way): boolean => wanted === undefined || wanted === way;
  const {library, ...ofNccl} = mayUse('nccl') ? load(parts) : {};
  const own: Offer = {
    ways: ways.filter(
      (way) => mayUse(way) && (way === 'host' || (way === 'nccl' ? library !== undefined : ranks.takesGpuMemory)),
    ),
    gpu: `${ranks.hosts[ranks.rank]} ${uuid}`,
    ...ofNccl,
    ...(wanted && {wanted}),
  };
  const answers = await ranks.allGather(Buffer.from(JSON.stringify(own)));
  const {way, whyNoNccl} = choose(answers.map((answer) => JSON.parse(Buffer.from(answer).toString()) as Offer));
  if (way === undefined)
    throw new GanError('backend', 'GAN_BACKEND_FAILED', `cuda: the ranks cannot exchange: ${whyNoNccl}.`, {
      suggestions: ['unset GAN_CUDA_RANKS   in all ranks: then they take the best that all have.'],
    });
  if (way !== 'nccl') {
    const exchange = device.guard('Joining the ranks', [], () => new Exchange(device, driver));
    const by = way === 'mpi' ? 'MPI from GPU to GPU' : 'MPI through pinned memory of the host';
    return (way === 'mpi' ? gpuSums : pinnedSums)(exchange, ranks, thread, `${by} (${whyNoNccl})`);
  }
  try {
    // where rank 0 fails here, its error is told to the others, and ends their wait
    const id = await ranks.broadcast(ranks.rank === 0 ? library!.uniqueId() : undefined);
    const communicator = library!.join(Uint8Array.from(id), ranks.rank, ranks.size);
    const exchange = device.guard('Joining the ranks', [], () => new Exchange(device, driver));
    return ncclSums(exchange, communicator, ranks, own.nccl!);
  } catch (error) {
    if (!(error instanceof CudaError) || error.library !== 'NCCL') throw error;
    throw new GanError('backend', 'GAN_BACKEND_FAILED', `cuda: NCCL could not join the ranks: ${error.message}.`, {
      suggestions: [
        'NCCL_DEBUG=INFO   makes NCCL say what it tries; NCCL_SOCKET_IFNAME=eth0   names a network.',
        'GAN_CUDA_RANKS=host   exchanges through MPI instead.',
      ],
      cause: error,
    });
  }
}

function load({nccl}: RankParts): Pick<Offer, 'nccl' | 'noNccl'> & {library?: Nccl} {
  try {
    const library = nccl();
    return library ? {library, nccl: library.version()} : {};
  } catch (error) {
    return {noNccl: error instanceof Error ? error.message : String(error)};
  }
}

/** The best way that all ranks have. */
export function choose(offers: readonly Offer[]): {way: Way | undefined; whyNoNccl: string} {
  const wanted = offers.find((offer) => offer.wanted !== undefined && offer.wanted !== 'nccl')?.wanted;
  const whyNoNccl = wanted === undefined ? obstacle(offers) : `GAN_CUDA_RANKS=${wanted}`;
  if (whyNoNccl === undefined) return {way: 'nccl', whyNoNccl: ''};
  const haveAll = (way: Way): boolean => offers.every((offer) => offer.ways.includes(way));
  return {way: ways.find((way) => way !== 'nccl' && haveAll(way)), whyNoNccl};
}

/** Why the ranks cannot exchange by NCCL; undefined if they can. */
function obstacle(offers: readonly Offer[]): string | undefined {
  const lacking = offers.findIndex((offer) => !offer.ways.includes('nccl'));
  if (lacking >= 0) {
    const {noNccl} = offers[lacking]!;
    return `rank ${lacking} has no NCCL${noNccl === undefined ? '' : ` that it can load: ${noNccl}`}`;
  }
  const versions = [...new Set(offers.map(({nccl}) => nccl))];
  if (versions.length > 1) return `the ranks have NCCL ${versions.join(' and ')}`;
  const gpus = new Set(offers.map(({gpu}) => gpu));
  return gpus.size < offers.length ? 'ranks share a GPU, which NCCL does not allow' : undefined;
}
