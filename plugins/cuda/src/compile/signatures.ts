import type {Bound} from '../native/signatures.js';

/** The functions of NVRTC, the compiler of CUDA C, that are used; the same in CUDA 12 and 13. */
export const nvrtcSignatures = {
  nvrtcVersion: ['int', 'pointer', 'pointer'],
  nvrtcGetErrorString: ['text', 'int'],
  nvrtcGetNumSupportedArchs: ['int', 'pointer'],
  nvrtcGetSupportedArchs: ['int', 'pointer'],
  nvrtcCreateProgram: ['int', 'pointer', 'text', 'text', 'int', 'pointer', 'pointer'],
  nvrtcCompileProgram: ['int', 'u64', 'int', 'pointer'],
  nvrtcDestroyProgram: ['int', 'pointer'],
  nvrtcGetProgramLogSize: ['int', 'u64', 'pointer'],
  nvrtcGetProgramLog: ['int', 'u64', 'pointer'],
  nvrtcGetCUBINSize: ['int', 'u64', 'pointer'],
  nvrtcGetCUBIN: ['int', 'u64', 'pointer'],
  nvrtcGetPTXSize: ['int', 'u64', 'pointer'],
  nvrtcGetPTX: ['int', 'u64', 'pointer'],
} as const;

export type NvrtcFunctions = Bound<typeof nvrtcSignatures>;
