import type {Collective, DeviceSums} from 'gankit/plugin';
import type {Communicator} from '../nccl/communicator.js';
import {countOf, type Exchange} from './exchange.js';

/** Milliseconds between two questions whether sums under way have failed. */
const askMs = 1000;

/**
 * Sums by NCCL, from GPU to GPU, on a stream of their own: nothing waits on the host. A sum that another rank does not
 * take part in any more would never end; so whoever waits for the device asks now and then.
 */
export function ncclSums(
  exchange: Exchange,
  communicator: Communicator,
  ranks: Pick<Collective, 'check'>,
  version: string,
): DeviceSums {
  const {device, driver, stream} = exchange;
  let askedAt = 0;
  let isAborted = false;
  const abort = (): void => {
    if (!isAborted) communicator.abort();
    isAborted = true;
  };
  driver.poller.watch = () => {
    if (isAborted || performance.now() - askedAt < askMs) return;
    askedAt = performance.now();
    try {
      ranks.check();
      communicator.checkSums();
    } catch (error) {
      abort();
      throw error;
    }
  };
  return {
    description: `NCCL ${version}`,
    begin: (tensors) =>
      device.operation('AllReduceBegin', tensors, () => {
        const outputs = tensors.map(({shape}) => device.output(shape, 'float32'));
        const sums = tensors.map((tensor, i) => ({
          from: device.address(tensor),
          to: outputs[i]!.address,
          count: countOf(tensor),
        }));
        exchange.afterComputation();
        communicator.allReduce(
          sums.filter(({count}) => count > 0),
          stream,
        );
        const done = exchange.event(stream);
        const letGo = exchange.hold(tensors);
        return {
          end: () =>
            device.operation('AllReduceEnd', [], () => {
              driver.waitEvent(device.stream, done);
              exchange.passed(done);
              letGo();
              return outputs.map(({info}) => info);
            }),
        };
      }),
    close() {
      delete driver.poller.watch;
      exchange.close(() => {
        if (!isAborted && driver.streamDone(stream)) communicator.destroy();
        else abort();
      });
    },
  };
}
