import type {Bound} from '../native/signatures.js';

/**
 * The functions of the CUDA driver API that are used, under the names that the library exports. cuda.h renames many
 * functions to versions; test/plugins/cuda/headers.test.ts compares this table with cuda.h.
 */
export const driverSignatures = {
  cuInit: ['int', 'uint'],
  cuDriverGetVersion: ['int', 'pointer'],
  cuGetErrorName: ['int', 'int', 'pointer'],
  cuGetErrorString: ['int', 'int', 'pointer'],
  cuDeviceGetCount: ['int', 'pointer'],
  cuDeviceGet: ['int', 'pointer', 'int'],
  cuDeviceGetName: ['int', 'pointer', 'int', 'int'],
  cuDeviceTotalMem_v2: ['int', 'pointer', 'int'],
  cuDeviceGetUuid_v2: ['int', 'pointer', 'int'],
  cuDeviceGetAttribute: ['int', 'pointer', 'int', 'int'],
  cuDevicePrimaryCtxRetain: ['int', 'pointer', 'int'],
  cuCtxSetCurrent: ['int', 'u64'],
  cuMemGetInfo_v2: ['int', 'pointer', 'pointer'],
  cuMemAlloc_v2: ['int', 'pointer', 'u64'],
  cuMemFree_v2: ['int', 'u64'],
  cuMemHostAlloc: ['int', 'pointer', 'u64', 'uint'],
  cuMemFreeHost: ['int', 'u64'],
  cuMemcpyHtoDAsync_v2: ['int', 'u64', 'u64', 'u64', 'u64'],
  cuMemcpyDtoHAsync_v2: ['int', 'u64', 'u64', 'u64', 'u64'],
  cuMemcpyDtoDAsync_v2: ['int', 'u64', 'u64', 'u64', 'u64'],
  cuMemsetD32Async: ['int', 'u64', 'uint', 'u64', 'u64'],
  cuStreamCreate: ['int', 'pointer', 'uint'],
  cuStreamDestroy_v2: ['int', 'u64'],
  cuStreamQuery: ['int', 'u64'],
  cuStreamWaitEvent: ['int', 'u64', 'u64', 'uint'],
  cuStreamBeginCapture_v2: ['int', 'u64', 'int'],
  cuStreamEndCapture: ['int', 'u64', 'pointer'],
  cuEventCreate: ['int', 'pointer', 'uint'],
  cuEventDestroy_v2: ['int', 'u64'],
  cuEventRecord: ['int', 'u64', 'u64'],
  cuEventQuery: ['int', 'u64'],
  cuEventElapsedTime: ['int', 'pointer', 'u64', 'u64'],
  cuModuleLoadData: ['int', 'pointer', 'pointer'],
  cuModuleUnload: ['int', 'u64'],
  cuModuleGetFunction: ['int', 'pointer', 'u64', 'text'],
  cuFuncSetAttribute: ['int', 'u64', 'int', 'int'],
  cuLaunchKernel: ['int', 'u64', 'uint', 'uint', 'uint', 'uint', 'uint', 'uint', 'uint', 'u64', 'pointer', 'pointer'],
  cuGraphInstantiateWithFlags: ['int', 'pointer', 'u64', 'u64'],
  cuGraphLaunch: ['int', 'u64', 'u64'],
  cuGraphExecDestroy: ['int', 'u64'],
  cuGraphDestroy: ['int', 'u64'],
} as const;

export type DriverFunctions = Bound<typeof driverSignatures>;
