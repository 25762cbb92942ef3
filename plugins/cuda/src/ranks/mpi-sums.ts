import type {Collective, DeviceSums, MemoryAt} from 'gankit/plugin';
import {cuda} from '../driver/codes.js';
import {bytesOf, countOfAll, type Exchange} from './exchange.js';

type Ranks = Pick<Collective, 'allReduceAt'>;

/** How another thread, which calls MPI, finds out that memory is ready. */
export interface DriverOfThread {
  /** The driver's library. */
  file: string;
  context: bigint;
}

/** Memory whose contents are there after an event. */
const memoryAt = ({file, context}: DriverOfThread, address: bigint, count: number, event: bigint): MemoryAt => ({
  address,
  count,
  enter: {file, name: 'cuCtxSetCurrent', argument: context},
  ready: {file, name: 'cuEventQuery', argument: event, notYet: cuda.CUDA_ERROR_NOT_READY},
});

/**
 * Sums by MPI in pinned memory of the host. Copies from the GPU are on a stream of their own, and MPI begins when they
 * are there; the host waits where the sums are used.
 */
export function pinnedSums(exchange: Exchange, ranks: Ranks, thread: DriverOfThread, description: string): DeviceSums {
  const {device, driver, stream} = exchange;
  return {
    description,
    begin: (tensors) =>
      device.operation('AllReduceBegin', tensors, () => {
        const count = countOfAll(tensors);
        const staging = device.pinned.take(4 * count);
        const addresses = tensors.map((tensor) => device.address(tensor)); // sends those that are on the host still
        exchange.afterComputation();
        let at = staging.address;
        tensors.forEach((tensor, i) => {
          if (bytesOf(tensor) > 0) driver.copyToHost(at, addresses[i]!, bytesOf(tensor), stream);
          at += BigInt(bytesOf(tensor));
        });
        driver.recordEvent(staging.event, stream);
        const letGo = exchange.hold(tensors);
        const awaitSum = exchange.sum(ranks, memoryAt(thread, staging.address, count, staging.event));
        return {
          end: () =>
            device.operation('AllReduceEnd', [], () => {
              driver.awaitEvent(staging.event);
              awaitSum();
              letGo();
              let from = staging.address;
              const sums = tensors.map((tensor) => {
                const {info, address} = device.output(tensor.shape, 'float32');
                if (bytesOf(tensor) > 0) driver.copyToDevice(address, from, bytesOf(tensor), device.stream);
                from += BigInt(bytesOf(tensor));
                return info;
              });
              driver.recordEvent(staging.event, device.stream);
              device.pinned.giveWhenDone(staging);
              return sums;
            }),
        };
      }),
    close: () => exchange.close(),
  };
}

/** Sums by an MPI library that reads and writes the GPU's memory by itself. */
export function gpuSums(exchange: Exchange, ranks: Ranks, thread: DriverOfThread, description: string): DeviceSums {
  const {device, driver} = exchange;
  return {
    description,
    begin: (tensors) =>
      device.operation('AllReduceBegin', tensors, () => {
        const count = countOfAll(tensors);
        const bucket = device.allocator.take(Math.max(4, 4 * count));
        let at = bucket.address;
        for (const tensor of tensors) {
          device.copy(device.address(tensor), at, bytesOf(tensor));
          at += BigInt(bytesOf(tensor));
        }
        const there = exchange.event(device.stream);
        const awaitSum = exchange.sum(ranks, memoryAt(thread, bucket.address, count, there));
        return {
          end: () =>
            device.operation('AllReduceEnd', [], () => {
              driver.awaitEvent(there);
              awaitSum();
              exchange.passed(there);
              let from = bucket.address;
              const sums = tensors.map((tensor) => {
                const {info, address} = device.output(tensor.shape, 'float32');
                device.copy(from, address, bytesOf(tensor));
                from += BigInt(bytesOf(tensor));
                return info;
              });
              device.allocator.give(bucket);
              return sums;
            }),
        };
      }),
    close: () => exchange.close(),
  };
}
