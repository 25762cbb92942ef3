/** Metrics of each class of a conditional run. */
import type {ComparedImages} from './labelled-images.js';
import {joinRows, rowShares} from '../gan/class-choice.js';
import {rowNames, type Classes} from '../gan/classes.js';
import {pick, type FeatureExtractor} from '../gan/metrics/features.js';
import {featuresOf, ImageMeter, pickPictures, type Measured, type MeterOptions} from '../gan/metrics/image-meter.js';
import type {NamedImageMetric} from '../gan/metrics/image-metrics.js';

/** The metrics of the images of a class. */
export interface ClassEvaluation {
  /** The class, or the attribute. */
  name: string;
  /** Real images, and as many generated ones with the same classes. */
  images: number;
  /** None where there are too few images. */
  metrics: Measured[];
}

/** Images of a class that metrics compare, at least: a distance of fewer says nothing. */
const leastImages = 50;

/**
 * Measures the images of each class, or with each attribute, against the real ones. The generated images have the
 * classes of the real ones, all of them.
 * @param halves as of `ImageMeter.measure`
 */
export async function evaluateByClass(
  metrics: readonly NamedImageMetric[],
  {rows, pictures}: ComparedImages,
  classes: Classes,
  {halves = 0, ...options}: Omit<MeterOptions, 'real' | 'classes' | 'labels'> & {halves?: number},
): Promise<ClassEvaluation[]> {
  const features = await featuresOf(pictures, options.extractor);
  const results: ClassEvaluation[] = [];
  for (const [row, name] of rowNames(classes).entries()) {
    const own = [...rows.keys()].filter((i) => rows[i]!.includes(row));
    if (own.length < leastImages) {
      results.push({name, images: own.length, metrics: []});
      continue;
    }
    const meter = new ImageMeter(metrics, {
      ...options,
      real: {
        count: own.length,
        pictures: () => Promise.resolve(pickPictures(pictures, own)),
        features: (extractor: FeatureExtractor) =>
          extractor === options.extractor
            ? Promise.resolve(pick(features, own))
            : featuresOf(pickPictures(pictures, own), extractor),
      },
      labels: joinRows(own.map((i) => rowShares(classes, rows[i]!))),
    });
    results.push({name, images: own.length, metrics: await meter.measure({halves})});
  }
  return results;
}
