import koffi from 'koffi';
import type {MemoryAt, NativeCall} from 'gankit/plugin';

/** The library that knows whether memory is ready does not say so, but that something is wrong. */
export class NotReadable extends Error {}

const functions = new Map<string, (argument: bigint) => number>();
const entered = new Set<bigint>();

function call({file, name, argument}: NativeCall): number {
  const key = `${file}:${name}`;
  const known = functions.get(key) ?? (koffi.load(file).func(name, 'int', ['uint64']) as (argument: bigint) => number);
  functions.set(key, known);
  return known(argument);
}

/**
 * Whether the contents of memory are there.
 * @throws NotReadable
 */
export function isReady({enter, ready}: Pick<MemoryAt, 'enter' | 'ready'>): boolean {
  if (!entered.has(enter.argument)) check(enter, call(enter));
  entered.add(enter.argument);
  const code = call(ready);
  if (code === ready.notYet) return false;
  check(ready, code);
  return true;
}

function check({name}: NativeCall, code: number): void {
  if (code !== 0) throw new NotReadable(`${name} of the GPU's driver: error ${code}`);
}
