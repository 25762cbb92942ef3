/** Images as points: a vector of features each. */
export interface Features {
  /** Images. */
  count: number;
  /** Numbers of one image. */
  size: number;
  /** [count, size] */
  data: Float32Array;
  /** The class of each image, from 0, where the features are those of a classifier: [count]. */
  classes?: Int32Array;
  /** How many classes there are. */
  classCount?: number;
}

/** What an extractor gives of some images. */
export interface Extracted {
  features: Float32Array;
  classes?: Int32Array;
  /** How many classes there are. */
  classCount?: number;
}

/** What turns images into features. */
export interface FeatureExtractor {
  /** For people: `pixels`, `inception`, `classifier`. */
  name: string;
  /** Tells apart what gives other features: part of the key of what is cached. */
  identity: string;
  /** Of images, bytes [n, height, width, channels]: features [n, size]; classes [n]. A few images at a time. */
  extract(images: Uint8Array, shape: readonly number[]): Extracted | Promise<Extracted>;
  dispose(): void;
}

/** Some rows of features, in the order of `rows`. */
export function pick({size, data, classes, classCount}: Features, rows: ArrayLike<number>): Features {
  const out = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
  return {
    count: rows.length,
    size,
    data: out,
    ...(classes && {classes: Int32Array.from({length: rows.length}, (_, i) => classes[rows[i]!]!)}),
    ...(classCount !== undefined && {classCount}),
  };
}
