/**
 * C functions as tables, from which their bindings and their TypeScript types are made. Types only, and no library
 * loaded.
 */

/**
 * C types: enums are `int`, size_t and all handles `u64`; a `pointer` takes an address or the memory of a typed array;
 * an `id` is NCCL's, 128 bytes that are handed over by value.
 */
export type CType = 'int' | 'uint' | 'u64' | 'pointer' | 'text' | 'id' | 'void';

/** Result, then parameters. */
export type Signature = readonly [result: CType, ...parameters: CType[]];
export type Signatures = Readonly<Record<string, Signature>>;

/** Values for a pointer argument; null is NULL. */
export type Pointer = bigint | ArrayBufferView | null;

interface In {
  int: number;
  uint: number;
  u64: bigint;
  pointer: Pointer;
  text: string;
  id: {internal: Uint8Array};
  void: never;
}
interface Out {
  int: number;
  uint: number;
  /** A number where it fits one. */
  u64: number | bigint;
  pointer: bigint | null;
  text: string;
  id: never;
  void: void;
}

type Parameters<T extends readonly CType[]> = {[K in keyof T]: In[T[K] & CType]};
type Call<S extends Signature> = S extends readonly [infer R extends CType, ...infer P extends CType[]]
  ? (...args: Parameters<P>) => Out[R]
  : never;

/** The functions of a library, by their C names. */
export type Bound<T extends Signatures> = {readonly [K in keyof T]: Call<T[K]>};
