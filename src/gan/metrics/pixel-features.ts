import type {FeatureExtractor} from './features.js';
import {resizeAntialiased} from './resize.js';

/** Pixels on each side that images are compared at. */
const side = 32;

/**
 * The pixels themselves as features, from 0 to 1: each image resized to 32x32 (dgm-eval's `pixel` encoder, arXiv
 * 2306.04675). They need no network, and say as much as pixels do: colours, places and large forms, little of detail.
 */
export const pixelFeatures: FeatureExtractor = {
  name: 'pixels',
  identity: `pixels ${side}`,
  extract(images, [n = 0, height = 0, width = 0, channels = 0]) {
    const length = height * width * channels;
    const out = new Float32Array(n * side * side * channels);
    for (let i = 0; i < n; i++) {
      const data = images.subarray(i * length, (i + 1) * length);
      const small = resizeAntialiased({data, height, width, channels}, side, side);
      out.set(
        small.map((value) => value / 255),
        i * small.length,
      );
    }
    return {features: out};
  },
  dispose() {},
};
