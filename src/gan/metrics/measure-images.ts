import type {Callback} from '../callback.js';
import {ImageMeter, type MeterOptions} from './image-meter.js';
import type {NamedImageMetric} from './image-metrics.js';

/**
 * Measures a training's generator at the end of each epoch, as further columns of its row.
 * @param options called at the end of the first epoch
 */
export function measureImages(
  metrics: readonly NamedImageMetric[],
  options: () => MeterOptions | Promise<MeterOptions>,
): Callback {
  let meter: Promise<ImageMeter> | undefined;
  const measure = async (): Promise<number[]> => {
    meter ??= Promise.resolve(options()).then((made) => new ImageMeter(metrics, made));
    return (await (await meter).measure()).map(({value}) => value);
  };
  return {
    name: 'image-metrics',
    runAfter: ['recorder'], // it has written its row
    beforeFit({recorder}) {
      recorder!.columns.push(...metrics.map(({name}) => name));
    },
    async afterEpoch({fitting, stopReason, recorder}) {
      if (fitting)
        recorder!.rows
          .at(-1)!
          .values.push(...(stopReason === 'interrupted' ? metrics.map(() => null) : await measure()));
    },
  };
}
