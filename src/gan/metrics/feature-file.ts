import {pixelFeatures} from './pixel-features.js';
import type {FeatureExtractor} from './features.js';

/** What `features` says for the pixels. */
export const pixelsName = 'pixels';

/** The features that metrics compare. @param file of a feature network; absent, or `pixels`: the pixels */
export async function openFeatures(file: string = pixelsName): Promise<FeatureExtractor> {
  if (file === pixelsName) return pixelFeatures;
  throw new Error(file);
}
