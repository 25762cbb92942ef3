import {GanError} from '../../errors.js';
import {readSafetensors} from '../io/safetensors.js';
import type {FeatureExtractor} from './features.js';
import {classifierFeatures, classifierFormat, factsOf} from './networks/classifier.js';
import {inceptionFeatures, isInception} from './networks/inception.js';
import {pixelFeatures} from './pixel-features.js';

/** What `features` says for the pixels. */
const pixelsName = 'pixels';

/**
 * The features that metrics compare.
 * @param file safetensors of a classifier that `gan classify` made, or of Inception with pytorch-fid's names;
 * absent, or
 * `pixels`: the pixels
 * @throws GanError GAN_FILE_UNREADABLE, GAN_FILE_BROKEN; GAN_FEATURES when it is another network; GAN_STATE_MISMATCH
 */
export async function openFeatures(file: string = pixelsName): Promise<FeatureExtractor> {
  if (file === pixelsName) return pixelFeatures;
  const {tensors, metadata} = await readSafetensors(file);
  if (metadata['format'] === classifierFormat) return classifierFeatures(tensors, factsOf(metadata, file), file);
  if (isInception(tensors)) return inceptionFeatures(tensors);
  throw new GanError('data', 'GAN_FEATURES', `${file} holds the weights of a network that is not known here`, {
    suggestions: [
      'gan classify DATA --out FILE   trains a classifier on labelled images',
      "the weights of FID's Inception as safetensors: docs/evaluation.md",
    ],
  });
}
