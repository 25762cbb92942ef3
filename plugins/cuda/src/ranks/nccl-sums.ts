import type {Collective, DeviceSums} from 'gankit/plugin';
import type {Communicator} from '../nccl/communicator.js';
import {countOf, type Exchange} from './exchange.js';

/** Milliseconds between two questions whether sums under way have failed. */
const askMs = 1000;

/** Events of a sum that is under way. */
interface UnderWay {
  /** What is summed is there. */
  there: bigint;
  done: bigint;
  /** Whether what uses it has been told to wait for it. */
  isUsed: boolean;
}

/**
 * Sums by NCCL, from GPU to GPU, on a stream of their own: nothing waits on the host. A sum that another rank does not
 * take part in any more would never end; so whoever waits for the device asks now and then. One that only waits for the
 * others, who may be at other work for long, does not make the device stuck.
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
  const under: UnderWay[] = [];
  const forget = (): void => {
    while (under[0]?.isUsed && driver.eventPassed(under[0].done)) {
      const {there, done} = under.shift()!;
      exchange.passed(there);
      exchange.passed(done);
    }
  };
  /** Whether the device has come to a sum, and the other ranks have not. */
  const waits = (): boolean => {
    const first = under.find(({done}) => !driver.eventPassed(done));
    return first !== undefined && driver.eventPassed(first.there);
  };
  driver.poller.watch = () => {
    if (isAborted) return false;
    if (performance.now() - askedAt < askMs) return waits();
    askedAt = performance.now();
    try {
      ranks.check();
      communicator.checkSums();
    } catch (error) {
      abort();
      device.lose(error, 'AllReduce'); // sums that were cut off let what waits for them run, on half of the numbers
      throw error;
    }
    return waits();
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
        forget();
        const there = exchange.event(device.stream);
        driver.waitEvent(stream, there);
        communicator.allReduce(
          sums.filter(({count}) => count > 0),
          stream,
        );
        const sum = {there, done: exchange.event(stream), isUsed: false};
        under.push(sum);
        const letGo = exchange.hold(tensors);
        return {
          end: () =>
            device.operation('AllReduceEnd', [], () => {
              driver.waitEvent(device.stream, sum.done);
              sum.isUsed = true;
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
