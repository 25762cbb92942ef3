import {existsSync} from 'node:fs';
import path from 'node:path';
import {entries, libraryFolders, loaderFolders} from './folders.js';
import type {Machine} from './machine.js';
import {driverFile, libraryFile, libraryNames, majors, type LibraryName} from './names.js';

/** A library that was found. */
export interface LibraryAt {
  file: string;
  /** The version in the file name: of CUDA, or of cuDNN for cuDNN. */
  major: number;
}

/**
 * The files found for each library, in the order of the folders; within a folder, the newest first. The driver is a
 * name without a folder where only the loader may know it.
 */
export interface Found {
  driver?: string;
  libraries: Record<LibraryName, LibraryAt[]>;
}

/** Looks for the libraries. Reads names of files only. */
export function findLibraries(machine: Machine, named: readonly (string | undefined)[] = []): Found {
  const folders = libraryFolders(machine, named);
  const all = libraryNames.map((name): [LibraryName, LibraryAt[]] => [
    name,
    folders.flatMap((folder) =>
      majors[name]
        .map((major) => ({file: path.join(folder, libraryFile(name, major, machine.platform)), major}))
        .filter(({file}) => existsSync(file)),
    ),
  ]);
  const file = [...folders, ...loaderFolders(machine)]
    .map((folder) => path.join(folder, driverFile(machine.platform)))
    .find((file) => existsSync(file));
  const driver = file ?? (showsCard(machine) ? driverFile(machine.platform) : undefined);
  return {libraries: Object.fromEntries(all) as Found['libraries'], ...(driver !== undefined && {driver})};
}

/** Whether the system shows an NVIDIA card: then the loader may find the driver where this search does not look. */
const showsCard = ({platform, root}: Machine): boolean =>
  platform === 'linux' && ['/dev/nvidiactl', '/dev/dxg', '/proc/driver/nvidia'].some((sign) => existsSync(root + sign));

/** A set of libraries that fit each other. */
export interface Chosen {
  /** Major version of CUDA. */
  cuda: number;
  nvrtc: string;
  cublasLt: string;
  cudnn: string;
}

/**
 * Libraries of one version of CUDA, or those that a version lacks: the newest that the driver runs, or of which most is
 * there.
 */
export function chooseLibraries(
  {libraries}: Found,
  allowed: readonly number[],
): Chosen | {cuda: number; missing: LibraryName[]} {
  const tries = allowed.map((cuda) => {
    const of = (name: 'nvrtc' | 'cublasLt') => libraries[name].find(({major}) => major === cuda)?.file;
    const [nvrtc, cublasLt] = [of('nvrtc'), of('cublasLt')];
    const cudnn = libraries.cudnn.find(
      ({file, major}) => (cuda < 13 || major >= 9) && [undefined, cuda].includes(cudaOfCudnn(file)),
    )?.file; // cuDNN 8 knows CUDA 12 at most
    const files = {nvrtc, cublasLt, cudnn};
    return {cuda, files, missing: libraryNames.filter((name) => files[name] === undefined)};
  });
  const best = tries.reduce((a, b) => (b.missing.length < a.missing.length ? b : a));
  return best.missing.length === 0
    ? {cuda: best.cuda, ...(best.files as Omit<Chosen, 'cuda'>)}
    : {cuda: best.cuda, missing: best.missing};
}

/** The version of CUDA that a cuDNN of pip was built for, by what pip notes beside it; undefined for others. */
function cudaOfCudnn(file: string): number | undefined {
  const site = path.resolve(path.dirname(file), '..', '..', '..');
  const note = entries(site)
    .map((name) => /^nvidia_cudnn_cu(\d+)-.*\.dist-info$/.exec(name)?.[1])
    .find((match) => match !== undefined);
  return note === undefined ? undefined : Number(note);
}
