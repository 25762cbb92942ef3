import {GanError} from '../../../errors.js';
import {identifySource} from '../identity.js';
import {describeItem} from '../items.js';
import type {Channels} from '../pixels.js';
import type {FiniteSource, Source} from '../types.js';
import {labelsFrom, setsOf} from './labels.js';
import type {Labels, Records} from './types.js';

/**
 * The pictures that a data source gives, as a set.
 * @param name `builtin:shapes`
 * @throws GanError GAN_DATA_SHAPE when it gives other things, or has no end
 */
export function sourceRecords(source: Source, name: string): Records {
  const [height = 0, width = 0, channels = 0] = source.shape;
  const fail = (what: string): GanError =>
    new GanError('data', 'GAN_DATA_SHAPE', `${name} ${what}`, {suggestions: ['Give a set of pictures.']});
  if (source.size === undefined) throw fail('has no end');
  if (source.shape.length !== 3 || channels > 4) throw fail(`holds items of shape [${source.shape.join(', ')}]`);
  const {size} = source;
  const labels = labelsOf(source, name);
  return {
    kind: 'data source',
    path: name,
    files: [],
    size,
    ...(labels && {labels}),
    name: (index) => describeItem(source, index),
    describe: (index) => describeItem(source, index),
    async read(index) {
      const data = await source.read(index);
      if (!(data instanceof Uint8Array)) throw fail('holds numbers that are no bytes');
      return {data, height, width, channels: channels as Channels};
    },
    identify: () => Promise.resolve(identifySource(source)),
  };
}

function labelsOf(source: FiniteSource, name: string): Labels | undefined {
  const {size, labelling} = source;
  const each = <T>(of: (index: number) => T): T[] => Array.from({length: size}, (_, index) => of(index));
  if (!labelling) {
    if (!source.label) return undefined;
    const given = each((index) => source.label!(index));
    return labelsFrom(given, name);
  }
  const sets = each((index) => labelling.of(index));
  if (labelling.each === 'several') return setsOf(labelling.names, sets, name);
  return labelsFrom(
    sets.map((set) => set?.[0]),
    name,
    labelling.names,
  );
}
