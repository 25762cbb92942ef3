/**
 * The libraries of NVIDIA that the backend stands on. The driver brings its own; the others have a version in their
 * names.
 */
export type LibraryName = 'nvrtc' | 'cublasLt' | 'cudnn';

export const libraryNames: readonly LibraryName[] = ['nvrtc', 'cublasLt', 'cudnn'];

/** Names of the libraries for people. */
export const titles: Record<LibraryName, string> = {nvrtc: 'NVRTC', cublasLt: 'cuBLASLt', cudnn: 'cuDNN'};

/** Major versions that work: of CUDA for the first two, of cuDNN for the third; the preferred one first. */
export const majors: Record<LibraryName, readonly number[]> = {nvrtc: [13, 12], cublasLt: [13, 12], cudnn: [9, 8]};

/** File of the driver API. */
export const driverFile = (platform: NodeJS.Platform): string => (platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1');

/** File of a library. */
export function libraryFile(name: LibraryName, major: number, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return `lib${name}.so.${major}`;
  return {nvrtc: `nvrtc64_${major}0_0.dll`, cublasLt: `cublasLt64_${major}.dll`, cudnn: `cudnn64_${major}.dll`}[name];
}

/** Packages of pip that bring a library for a major version of CUDA; from 13 on most have no suffix. */
export const pipPackage = (name: LibraryName | 'nccl', cuda: number): string =>
  ({nvrtc: 'nvidia-cuda-nvrtc', cublasLt: 'nvidia-cublas', cudnn: 'nvidia-cudnn', nccl: 'nvidia-nccl'})[name] +
  (cuda < 13 || name === 'cudnn' || name === 'nccl' ? `-cu${cuda}` : '');
