import {readIdxSet} from '../idx-set.js';
import {pixelRecords} from './arrays.js';
import {labelsOfNumbers} from './npy.js';
import type {Records} from './types.js';

/** The pictures of IDX files. @throws GanError of `readIdxSet` */
export async function idxRecords(paths: {images: string; labels?: string}): Promise<Records> {
  const {path, images, labels} = await readIdxSet(paths);
  const [size = 0, height = 0, width = 0] = images.shape;
  return pixelRecords({
    kind: 'IDX file',
    path,
    files: labels ? [path, labels.path] : [path],
    size,
    height,
    width,
    channels: 1,
    isPlanar: false,
    labels: labels && labelsOfNumbers([...labels.data], labels.path),
    bytes: (index) => images.data.subarray(index * height * width, (index + 1) * height * width),
  });
}
