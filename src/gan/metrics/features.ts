/** Images as points: a vector of features each. */
export interface Features {
  /** Images. */
  count: number;
  /** Numbers of one image. */
  size: number;
  /** [count, size] */
  data: Float32Array;
}

/** What turns images into features. */
export interface FeatureExtractor {
  /** For people: `pixels`, `inception`, `classifier`. */
  name: string;
  /** Tells apart what gives other features: part of the key of what is cached. */
  identity: string;
  /** Features of images, bytes [n, height, width, channels] -> [n, size]. A few images at a time. */
  extract(images: Uint8Array, shape: readonly number[]): Float32Array | Promise<Float32Array>;
  dispose(): void;
}

/** Some rows of features, in the order of `rows`. */
export function pick({size, data}: Features, rows: ArrayLike<number>): Features {
  const out = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
  return {count: rows.length, size, data: out};
}
