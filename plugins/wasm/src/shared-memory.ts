/**
 * Rewrites a WebAssembly module so that the memory it defines is one that threads can share: the limits of its memory
 * section get the flag "shared". Nothing else changes, so the module is as usable as before.
 * @throws Error if the module defines no memory, or one without an upper bound
 * @see WebAssembly threads proposal, "Binary format: limits"
 */
export function withSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const memorySection = 5;
  const [bounded, sharedAndBounded] = [0x01, 0x03];
  for (let at = 8; at < binary.length;) {
    const id = binary[at];
    const size = unsigned(binary, at + 1);
    if (id === memorySection) {
      const count = unsigned(binary, size.end);
      if (count.value !== 1 || binary[count.end] !== bounded) break;
      const patched = Uint8Array.from(binary);
      patched[count.end] = sharedAndBounded;
      return patched;
    }
    at = size.end + size.value;
  }
  throw new Error('tfjs-backend-wasm: its module defines no memory with an upper bound; install version 4.22.0');
}

/** A LEB128 number and where it ends. */
function unsigned(binary: Uint8Array, at: number): {value: number; end: number} {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = binary[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return {value: value >>> 0, end: at};
  }
}
