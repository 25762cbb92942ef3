import type {BackendValues, DataType, TypedArray} from '@tensorflow/tfjs-core';
import type {Element, GpuDtype, Turned} from './gpu.js';
import type {Block} from './memory/pool.js';
import {bytesOf, bytesPerElement, isGpuDtype, typed} from './values.js';

/** How tfjs names data that tensors share. */
export type DataId = object;

/** Data of tensors: on the host, on the device, or both. */
export interface Entry {
  readonly dtype: DataType;
  /** In float32, however they lie. */
  readonly bytes: number;
  readonly element: Element;
  turned?: Turned | undefined;
  /** They came from the host, as weights do: no kernel has made them. */
  readonly fromHost?: boolean;
  /** How many tensors share it. */
  refs: number;
  /** Present as long as the host knows them. */
  values?: TypedArray | Uint8Array[];
  block?: Block;
  /** An event that the stream of computation has to wait for before it uses the block. */
  ready?: bigint;
  /** Data derived from the values, valid as long as the values do not change. */
  derived?: Map<string, Derived>;
}

interface Derived {
  block: Block;
  /** Valid for those who see the same epoch: a recording that runs changes data that it holds. */
  epoch: number;
}

/** Bytes of an entry's block. */
export const storedBytes = ({bytes, element}: Entry): number => (element === 'bf16' ? bytes / 2 : bytes);

/** Copies data to the device and back. */
export interface Places {
  /** A block with these bytes in it; `ready` as in `Entry`. */
  upload(bytes: Uint8Array, count: number): {block: Block; ready?: bigint};
  /** A block with undefined contents. */
  take(bytes: number): Block;
  give(block: Block): void;
}

/**
 * Up to this size, data is copied when a tensor is made and sent when it is first used. Larger data is sent at once,
 * and the host keeps no copy.
 */
export const lazyBytes = 2 ** 15;

/** The tensors of the backend. */
export class Tensors {
  readonly #entries = new Map<DataId, Entry>();
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  get count(): number {
    return this.#entries.size;
  }

  has(dataId: DataId): boolean {
    return this.#entries.has(dataId);
  }

  get(dataId: DataId): Entry {
    const entry = this.#entries.get(dataId);
    if (!entry) throw new Error('a tensor of the cuda backend was disposed of, or belongs to another backend');
    return entry;
  }

  /** Adds data that the host has. */
  add(dataId: DataId, values: BackendValues, dtype: DataType, refs: number): void {
    if (!isGpuDtype(dtype)) {
      if (dtype === 'complex64') throw new Error('the cuda backend has no complex64');
      this.#entries.set(dataId, {dtype, bytes: 0, element: 'float', refs, values: values});
      return;
    }
    const array = typed(values, dtype);
    const entry: Entry = {dtype, bytes: array.byteLength, element: 'float', fromHost: true, refs};
    if (array.byteLength < lazyBytes) entry.values = array.slice();
    else Object.assign(entry, this.#places.upload(bytesOf(array), array.length));
    this.#entries.set(dataId, entry);
  }

  /** Adds data of undefined values on the device. */
  addOutput(dataId: DataId, count: number, dtype: GpuDtype, element: Element = 'float', turned?: Turned): Entry {
    const bytes = count * bytesPerElement[dtype];
    const entry: Entry = {dtype, bytes, element, turned, refs: 1};
    if (bytes > 0) entry.block = this.#places.take(storedBytes(entry));
    if (bytes === 0) entry.values = typed([], dtype);
    this.#entries.set(dataId, entry);
    return entry;
  }

  /**
   * The block of data that are used now; sent first where only the host has them. Undefined for data without elements.
   */
  blockOf(dataId: DataId): Block | undefined {
    const entry = this.get(dataId);
    if (entry.block || entry.bytes === 0) return entry.block;
    if (!isGpuDtype(entry.dtype))
      throw new Error(`the cuda backend computes with float32, int32 and bool, not with ${entry.dtype}`);
    const array = entry.values as TypedArray;
    Object.assign(entry, this.#places.upload(bytesOf(array), array.length));
    return entry.block;
  }

  /** The same values in another order, in another block. */
  turn(dataId: DataId, block: Block, turned: Turned): void {
    const entry = this.get(dataId);
    this.#forget(entry);
    this.#places.give(entry.block!);
    Object.assign(entry, {block, turned});
  }

  /** Their values are about to change in place: what was known of them is not true any more. */
  changed(dataId: DataId): void {
    const entry = this.get(dataId);
    delete entry.values;
    this.#forget(entry);
  }

  /** One tensor less; the last one, or `force`, frees the data. Whether they are gone. */
  release(dataId: DataId, force: boolean): boolean {
    const entry = this.#entries.get(dataId);
    if (!entry) return true;
    entry.refs = force ? 0 : entry.refs - 1;
    if (entry.refs > 0) return false;
    this.#entries.delete(dataId);
    this.#forget(entry);
    if (entry.block) this.#places.give(entry.block);
    return true;
  }

  /**
   * Data derived from those of a tensor, under this name; they live as long as the tensor and its values.
   * @param fill writes them
   */
  derived(dataId: DataId, name: string, bytes: number, epoch: number, fill: (block: Block) => void): Block {
    const entry = this.get(dataId);
    const known = entry.derived?.get(name);
    if (known?.epoch === epoch) return known.block;
    if (known) this.#places.give(known.block);
    entry.derived?.delete(name);
    const block = this.#places.take(bytes);
    try {
      fill(block);
    } catch (error) {
      this.#places.give(block);
      throw error;
    }
    (entry.derived ??= new Map<string, Derived>()).set(name, {block, epoch});
    return block;
  }

  /** Gives back what was derived under this name, if anything. */
  drop(dataId: DataId, name: string): void {
    const {derived} = this.get(dataId);
    const known = derived?.get(name);
    if (!known) return;
    derived!.delete(name);
    this.#places.give(known.block);
  }

  /** Bytes that tensors hold on the device. */
  get bytes(): number {
    let bytes = 0;
    for (const entry of this.#entries.values()) if (entry.block) bytes += storedBytes(entry);
    return bytes;
  }

  clear(): void {
    this.#entries.clear();
  }

  #forget(entry: Entry): void {
    for (const {block} of entry.derived?.values() ?? []) this.#places.give(block);
    delete entry.derived;
  }
}
