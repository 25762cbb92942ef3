import {eachDistances} from './distances.js';
import type {Features} from './features.js';
import {tooFewImages} from './too-few-images.js';

/** How the generated images lie among the real ones. 0 to 1, but for density, which may be larger. */
export interface Prdc {
  /** Share of the generated images that lie where real ones are: quality. */
  precision: number;
  /** Share of the real images that lie where generated ones are: variety. */
  recall: number;
  /** Mean number of real images' balls around a generated image, over k: quality, which outliers disturb less. */
  density: number;
  /** Share of the real images with a generated one in their ball: variety. */
  coverage: number;
}

interface FeatureSides {
  real: Features;
  fake: Features;
}

/** Of the sets that were measured last: four metrics share them. */
const known = new WeakMap<Features, Map<string, Promise<Prdc>>>();

/**
 * Precision and recall (arXiv 1904.06991), density and coverage (arXiv 2002.09797). The ball of an image reaches to its
 * k-th nearest neighbour of its own set. The papers use k = 3 for the first two and k = 5 for the others.
 */
export function prdc({real, fake}: FeatureSides, k: number): Promise<Prdc> {
  const ofFake = known.get(fake) ?? new Map<string, Promise<Prdc>>();
  known.set(fake, ofFake);
  const key = `${k} ${real.count}`;
  let result = ofFake.get(key);
  if (!result) ofFake.set(key, (result = compute({real, fake}, k)));
  return result;
}

async function compute({real, fake}: FeatureSides, k: number): Promise<Prdc> {
  for (const {count} of [real, fake])
    if (count <= k) throw tooFewImages(`the ${k}-th nearest neighbours`, count, k + 1);
  const [realRadii, fakeRadii] = [await radii(real, k), await radii(fake, k)];
  const inReal = new Int32Array(fake.count); // balls of real images around a generated one
  const inFake = new Uint8Array(real.count);
  const nearest = new Float64Array(real.count).fill(Infinity);
  await eachDistances(fake, real, (i, distances) => {
    for (let j = 0; j < real.count; j++) {
      const distance = distances[j]!;
      if (distance <= realRadii[j]!) inReal[i]!++;
      if (distance <= fakeRadii[i]!) inFake[j] = 1;
      if (distance < nearest[j]!) nearest[j] = distance;
    }
  });
  const share = (of: ArrayLike<number>, count: (value: number, index: number) => number): number => {
    let total = 0;
    for (let i = 0; i < of.length; i++) total += count(of[i]!, i);
    return total / of.length;
  };
  return {
    precision: share(inReal, (balls) => Math.min(balls, 1)),
    recall: share(inFake, (inside) => inside),
    density: share(inReal, (balls) => balls / k),
    coverage: share(nearest, (distance, j) => (distance <= realRadii[j]! ? 1 : 0)),
  };
}

const knownRadii = new WeakMap<Features, Map<number, Promise<Float64Array>>>();

/** Squared distance of each image to its k-th nearest neighbour, itself not counted. */
function radii(features: Features, k: number): Promise<Float64Array> {
  const ofThese = knownRadii.get(features) ?? new Map<number, Promise<Float64Array>>();
  knownRadii.set(features, ofThese);
  const found = ofThese.get(k) ?? nearestNeighbours(features, k);
  ofThese.set(k, found);
  return found;
}

async function nearestNeighbours(features: Features, k: number): Promise<Float64Array> {
  const out = new Float64Array(features.count);
  const nearest = new Float64Array(k);
  await eachDistances(features, features, (i, distances) => {
    nearest.fill(Infinity);
    for (let j = 0; j < features.count; j++) {
      const distance = distances[j]!;
      if (j === i || distance >= nearest[k - 1]!) continue;
      let at = k - 1;
      for (; at > 0 && nearest[at - 1]! > distance; at--) nearest[at] = nearest[at - 1]!;
      nearest[at] = distance;
    }
    out[i] = nearest[k - 1]!;
  });
  return out;
}
