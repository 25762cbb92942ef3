/**
 * Seeded random numbers, generated on the host, so that one seed gives the same numbers on every backend.
 *
 * A stream can be used in two ways: drawn from in sequence (`uniform`, `normal`; its state belongs to the checkpoint),
 * or forked by a path (`fork('noise', epoch, batch)`), which depends on the seed and the path only, never on what was
 * drawn before. Forks need no state to resume.
 *
 * Generator: sfc32 (Doty-Humphrey, PractRand), seeded by hashing the seed and the path with a MurmurHash3-style mixer.
 */

export interface RngState {
  seed: string;
  words: [number, number, number, number];
}

let drawn = 0;

/**
 * Random numbers of 32 bits that all streams together have drawn so far: two equal counts mean that nothing was drawn
 * in between.
 */
export const drawCount = (): number => drawn;

export class Rng {
  /** The seed of this stream: the seed and the path of forks, joined by `/`. */
  readonly seed: string;
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 0;

  constructor(seed: number | string) {
    this.seed = String(seed);
    [this.#a, this.#b, this.#c, this.#counter] = hash(this.seed);
    for (let i = 0; i < 12; i++) this.uint32(); // sfc32 mixes its seed in 12 rounds
  }

  /** A stream that depends on this one's seed and the path only. */
  fork(...path: (string | number)[]): Rng {
    return new Rng([this.seed, ...path].join('/'));
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    drawn++;
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** A number in [0, 1), 53 bits. */
  float(): number {
    const high = this.uint32() >>> 5; // 27 bits
    const low = this.uint32() >>> 6; // 26 bits
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number in [0, n), for n up to 2^32; without modulo bias. */
  int(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % n;
    }
  }

  /** `count` numbers of U(low, high). */
  uniform(count: number, low = 0, high = 1): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = low + (high - low) * this.float();
    return out;
  }

  /** `count` numbers of Normal(mean, std), by Box and Muller (1958). */
  normal(count: number, mean = 0, std = 1): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
      const angle = 2 * Math.PI * this.float();
      out[i] = mean + std * radius * Math.cos(angle);
      if (i + 1 < count) out[i + 1] = mean + std * radius * Math.sin(angle);
    }
    return out;
  }

  /** The numbers 0..n-1 in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const out = Uint32Array.from({length: n}, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = out[i]!;
      out[i] = out[j]!;
      out[j] = swap;
    }
    return out;
  }

  save(): RngState {
    return {seed: this.seed, words: [this.#a, this.#b, this.#c, this.#counter]};
  }

  /** Continues from a saved state; the saved stream must have had the same seed. */
  load(state: RngState): void {
    if (state.seed !== this.seed) throw new Error(`random-number state of '${state.seed}' loaded into '${this.seed}'`);
    [this.#a, this.#b, this.#c, this.#counter] = state.words;
  }
}

/** Four 32-bit words from a text: MurmurHash3's mixing with four different starts. */
function hash(text: string): [number, number, number, number] {
  const words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef].map((start) => {
    let h = start ^ text.length;
    for (let i = 0; i < text.length; i++) {
      let k = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
      k = (k << 15) | (k >>> 17);
      h ^= Math.imul(k, 0x1b873593);
      h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) | 0;
  });
  return words as [number, number, number, number];
}
