import type {Bound} from '../native/signatures.js';

/**
 * The functions of NCCL that are used; test/plugins/cuda/headers.test.ts compares this table with nccl.h. All are there
 * from NCCL 2.13 on.
 */
export const ncclSignatures = {
  ncclGetVersion: ['int', 'pointer'],
  ncclGetErrorString: ['text', 'int'],
  ncclGetLastError: ['text', 'u64'],
  ncclGetUniqueId: ['int', 'pointer'],
  ncclCommInitRank: ['int', 'pointer', 'int', 'id', 'int'],
  ncclCommGetAsyncError: ['int', 'u64', 'pointer'],
  ncclCommDestroy: ['int', 'u64'],
  ncclCommAbort: ['int', 'u64'],
  ncclGroupStart: ['int'],
  ncclGroupEnd: ['int'],
  ncclAllReduce: ['int', 'u64', 'u64', 'u64', 'int', 'int', 'u64', 'u64'],
} as const;

/** Values of nccl.h (compared with it by the same test). */
export const nccl = {
  NCCL_UNIQUE_ID_BYTES: 128,
  ncclSuccess: 0,
  ncclInProgress: 7,
  ncclFloat32: 7,
  ncclSum: 0,
} as const;

export type NcclFunctions = Bound<typeof ncclSignatures>;
