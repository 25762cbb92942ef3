import {createHash} from 'node:crypto';
import {lastName} from '../../../address.js';
import type {DataIdentity} from '../identity.js';
import {classesAt, labelsFrom, setsOf} from './labels.js';
import type {Labels, Records} from './types.js';

/**
 * Several sets as one, in the given order. A picture's name begins with that of its file.
 * @param path of the folder that they lie in
 */
export function shardRecords(path: string, shards: readonly Records[]): Records {
  const kind = kindOf(shards);
  if (shards.length === 1) return {...shards[0]!, kind, path};
  const starts: number[] = [];
  let size = 0;
  for (const shard of shards) {
    starts.push(size);
    size += shard.size;
  }
  const shardOf = Uint32Array.from({length: size});
  shards.forEach((shard, i) => shardOf.fill(i, starts[i], starts[i]! + shard.size));
  const at = <T>(index: number, use: (shard: Records, index: number) => T): T => {
    const i = shardOf[index]!;
    return use(shards[i]!, index - starts[i]!);
  };
  const others = shards.reduce((sum, shard) => sum + (shard.others ?? 0), 0);
  const labels = together(path, shards);
  return {
    kind,
    path,
    files: shards.flatMap(({files}) => files),
    size,
    ...(others > 0 && {others}),
    ...(labels && {labels}),
    name: (index) => at(index, (shard, i) => `${lastName(shard.path)}/${shard.name(i)}`),
    describe: (index) => at(index, (shard, i) => shard.describe(i)),
    read: (index) => at(index, (shard, i) => shard.read(i)),
    lookInto: async (index) => at(index, (shard, i) => shard.lookInto?.(i)),
    identify: async () => identityOf(shards),
  };
}

/**
 * `3 WebDataset shards`; `2 of 4 packed sets`, where names such as `a-00001-of-00004.safetensors` say that there are
 * more.
 */
function kindOf(shards: readonly Records[]): string {
  const {length} = shards;
  const {kind} = shards[0]!;
  const said = new Set(shards.map(({path}) => Number(/-of-(\d+)\.\w+$/.exec(lastName(path))?.[1] ?? 0)));
  const all = said.size === 1 ? Math.max(length, ...said) : length;
  if (all === 1) return kind;
  return `${all > length ? `${length} of ${all}` : length} ${kind}s`;
}

/** Classes are the same where they have the same name. */
function together(path: string, shards: readonly Records[]): Labels | undefined {
  const [first] = shards;
  const classes = first?.labels?.classes ?? [];
  const areSame = shards.every(({labels}) => labels?.classes.join('\0') === classes.join('\0'));
  if (shards.some(({labels}) => labels?.several)) return setsTogether(shards, path);
  if (areSame) return {classes, of: Int32Array.from(shards.flatMap(({labels}) => [...labels!.of]))};
  const isNumbered = shards.every(({labels}) => labels?.classes.every((name, i) => name === String(i)) ?? true);
  const given = shards.flatMap(({size, labels}) =>
    Array.from({length: size}, (_, i) => {
      const label = labels?.of[i] ?? -1;
      return label < 0 ? undefined : isNumbered ? label : labels!.classes[label];
    }),
  );
  return labelsFrom(given, path);
}

/** Labels of which a picture may have several. */
function setsTogether(shards: readonly Records[], path: string): Labels {
  const classes = [...new Set(shards.flatMap(({labels}) => labels?.classes ?? []))];
  const numbers = new Map(classes.map((name, i) => [name, i]));
  const sets = shards.flatMap(({size, labels}) =>
    Array.from(
      {length: size},
      (_, i) => labels && classesAt(labels, i)?.map((each) => numbers.get(labels.classes[each]!)!),
    ),
  );
  return setsOf(classes, sets, path);
}

async function identityOf(shards: readonly Records[]): Promise<DataIdentity> {
  const identities: DataIdentity[] = [];
  for (const shard of shards) identities.push(await shard.identify());
  const joined = (key: 'names' | 'sizes' | 'content' | 'sample' | 'some'): Partial<DataIdentity> => {
    if (identities.every((each) => each[key] === undefined)) return {};
    const hash = createHash('sha256');
    identities.forEach((each, i) => {
      if (key === 'names') hash.update(`${lastName(shards[i]!.path)}\0`);
      hash.update(`${each[key] ?? each.content ?? ''}\0`);
    });
    return {[key]: hash.digest('hex')};
  };
  const pictures = identities.reduce((sum, each) => sum + (each.pictures ?? 0), 0);
  return {
    items: identities.reduce((sum, {items = 0}) => sum + items, 0),
    ...(pictures > 0 && {pictures}),
    bytes: identities.reduce((sum, {bytes = 0}) => sum + bytes, 0),
    ...joined('names'),
    ...joined('sizes'),
    ...joined('content'),
    ...joined('sample'),
    ...joined('some'),
  };
}
