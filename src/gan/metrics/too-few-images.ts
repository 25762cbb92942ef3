import {GanError} from '../../errors.js';

const code = 'GAN_TOO_FEW_IMAGES';

/**
 * Of a metric that needs more images than it is given.
 * @param what the quantity that is not defined: `a covariance`
 * @param count images that there are
 * @param least images that are needed
 */
export const tooFewImages = (what: string, count: number, least: number): GanError =>
  new GanError('usage', code, `${what} of ${count} images: at least ${least} are needed`, {
    suggestions: ['compare more images: gan evaluate --images N, gan fit --metric-images N', 'or leave the metric out'],
  });

export const isTooFewImages = (error: unknown): boolean => error instanceof GanError && error.code === code;
