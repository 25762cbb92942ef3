import {Nccl} from '../../../../plugins/cuda/src/nccl/communicator.js';
import {ncclSignatures, type NcclFunctions} from '../../../../plugins/cuda/src/nccl/signatures.js';
import {loadLibrary} from '../../../../plugins/cuda/src/native/koffi.js';
import {expect, type FakeCuda} from './cuda.js';

/** The NCCL of nccl-stub.ts, whose sums are work of a fake stream, and read and write memory of the fake card only. */
export function fakeNccl(fake: FakeCuda, file: string): Nccl {
  const real = loadLibrary(file).bind(ncclSignatures);
  let group: (() => void)[] | undefined;
  const streamOf = new Map<object, bigint>();
  let isAborted = false;
  const functions: NcclFunctions = {
    ...real,
    ncclGroupStart() {
      expect(group === undefined, 'one group at a time');
      group = [];
      return 0;
    },
    ncclAllReduce(from, to, count, type, operation, comm, stream) {
      fake.device.check(from, 4n * count, 'sum of');
      fake.device.check(to, 4n * count, 'sum to');
      group!.push(() => expectSuccess(real.ncclAllReduce(from, to, count, type, operation, comm, stream)));
      streamOf.set(group!, stream);
      return 0;
    },
    ncclCommAbort(comm) {
      isAborted = true;
      return real.ncclCommAbort(comm);
    },
    ncclGroupEnd() {
      const work = group!;
      group = undefined;
      if (work.length === 0) return 0;
      return fake.streams.hand(streamOf.get(work)!, 'ncclAllReduce', () => {
        if (isAborted) return; // what waits for others ends then
        expectSuccess(real.ncclGroupStart());
        for (const run of work) run();
        expectSuccess(real.ncclGroupEnd());
      });
    },
  };
  return new Nccl(functions);
}

const expectSuccess = (code: number): number => expect(code === 0, 'success of the stub');
