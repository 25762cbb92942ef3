import koffi from 'koffi';
import {families, familyOf, type Family, type FamilyName, type Handle} from './families.js';

/** Who started the processes, as far as it tells which library belongs to them. */
export type Launcher = FamilyName | 'unknown';

/** File names by family: those of Debian, of the projects themselves, of Intel. */
const files: Readonly<Record<FamilyName, readonly string[]>> =
  process.platform === 'darwin'
    ? {
        openmpi: ['libmpi.40.dylib', 'libmpi.dylib'],
        mpich: ['libmpi.12.dylib', 'libmpich.dylib'],
        abi: ['libmpi_abi.0.dylib', 'libmpi_abi.dylib'],
      }
    : {
        openmpi: ['libmpi.so.40', 'libmpi.so.80', 'libmpi.so'],
        mpich: ['libmpich.so.12', 'libmpi.so.12', 'libmpich.so', 'libmpi.so'],
        abi: ['libmpi_abi.so.1', 'libmpi_abi.so.0', 'libmpi_abi.so'],
      };

/** A loaded library, not initialised. */
export interface Library {
  file: string;
  family: Family;
  /** Its own words, one line. */
  version: string;
  lib: ReturnType<typeof koffi.load>;
  handles: Readonly<Record<keyof Family['handles'], Handle>>;
}

/**
 * Whether a library takes addresses of a GPU by CUDA. MPICH and MVAPICH say so by an extension of their own. Open MPI
 * has that, too, but of its calls that block: its MPI_Iallreduce adds up on the processor, and crashes (Open MPI 5.0,
 * "Which MPI APIs do NOT work with CUDA-aware?"; its issues 9845 and 12045).
 */
export function takesGpuMemory({lib, version}: Pick<Library, 'lib' | 'version'>): boolean {
  if (familyOf(version) === 'openmpi') return false;
  let query: () => number;
  try {
    query = lib.func('MPIX_Query_cuda_support', 'int', []) as () => number;
  } catch {
    return false; // it has no such function
  }
  return query() === 1;
}

export class NoLibrary extends Error {
  readonly tried: readonly string[];
  constructor(tried: readonly string[]) {
    super('no MPI library was found');
    this.tried = tried;
  }
}

/** Name of Intel's library, which Debian gives to none. */
const intel = 'libmpi.so.12';

/** The libraries to try, in this order: those that belong to the launcher first. */
export function candidates(launcher: Launcher, env: NodeJS.ProcessEnv = process.env): {file: string; isAbi: boolean}[] {
  const given = env['GAN_MPI_LIBRARY'];
  if (given !== undefined && given !== '') return [{file: given, isAbi: /mpi_abi/.test(given)}];
  // of the launcher's own family, then the standard ABI, which a launcher of either may serve
  const order: FamilyName[] =
    launcher === 'unknown'
      ? ['openmpi', 'abi', 'mpich']
      : [launcher, ...(['abi', 'openmpi', 'mpich'] as const).filter((name) => name !== launcher)];
  const isOfIntel = Object.keys(env).some((name) => name.startsWith('I_MPI_')); // its scripts and its mpirun set such
  const filesOf = (name: FamilyName): readonly string[] =>
    isOfIntel && files[name].includes(intel) ? [intel, ...files[name].filter((file) => file !== intel)] : files[name];
  return order.flatMap((name) => filesOf(name).map((file) => ({file, isAbi: name === 'abi'})));
}

/**
 * Loads the MPI library that belongs to a launcher; where that is not known, the first that there is.
 * `GAN_MPI_LIBRARY` names another file.
 * @throws NoLibrary
 */
export function loadLibrary(launcher: Launcher, env?: NodeJS.ProcessEnv): Library {
  const tried: string[] = [];
  const found: Library[] = [];
  for (const {file, isAbi} of candidates(launcher, env)) {
    try {
      const library = load(file, isAbi);
      if (launcher === 'unknown' || isAbi || library.family.name === launcher) return library;
      found.push(library);
    } catch (error) {
      tried.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [other] = found;
  if (other) return other;
  throw new NoLibrary(tried);
}

function load(file: string, isAbi: boolean): Library {
  // its components, which it loads itself, look for its symbols
  const lib = koffi.load(file, {global: true});
  const text = Buffer.alloc(8192);
  const length = new Int32Array(1);
  const getVersion = lib.func('MPI_Get_library_version', 'int', ['void *', 'void *']) as (
    text: Uint8Array,
    length: Int32Array,
  ) => number;
  getVersion(text, length);
  const version = text
    .toString('utf8', 0, length[0])
    .replaceAll('\0', '')
    .trim()
    .split('\n')[0]!
    .replaceAll(/\s+/g, ' ');
  const name = isAbi ? 'abi' : familyOf(version);
  if (name === undefined) throw new Error(`it calls itself "${version}", which is none that is known`);
  const family = families[name];
  const handles = Object.fromEntries(
    Object.entries(family.handles).map(([key, handle]) => [
      key,
      typeof handle === 'string' ? koffi.address(lib.symbol(handle, 'void')) : handle,
    ]),
  ) as Library['handles'];
  return {file, family, version, lib, handles};
}
