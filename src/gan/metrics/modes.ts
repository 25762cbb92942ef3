/** The classes of generated images against those of real ones. */
export interface Modes {
  /** Classes with at least one generated image. */
  modes: number;
  /** Classes with at least one real image. */
  realModes: number;
  /**
   * Kullback-Leibler divergence of the distribution of classes among the generated images from that among the real
   * ones, nats. To stay finite, each class counts half a real image more.
   */
  divergence: number;
}

/** Counts modes as arXiv 1611.02163 does: by the classes that a classifier gives. */
export function countModes(fake: Int32Array, real: Int32Array, classCount: number): Modes {
  const [ofFake, ofReal] = [fake, real].map((classes) => {
    const counts = new Float64Array(classCount);
    for (const each of classes) counts[each]!++;
    return counts;
  }) as [Float64Array, Float64Array];
  const present = (counts: Float64Array): number => counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  let divergence = 0;
  for (let i = 0; i < classCount; i++) {
    const [p, q] = [ofFake[i]! / fake.length, (ofReal[i]! + 0.5) / (real.length + 0.5 * classCount)];
    if (p > 0) divergence += p * Math.log(p / q);
  }
  return {modes: present(ofFake), realModes: present(ofReal), divergence};
}
