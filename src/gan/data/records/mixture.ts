/** Mixtures: a JSON file that names several sets, and the share of each in what is trained on. */
import {resolve} from 'node:path';
import {isRecord} from '../../../options/json.js';
import {hideKeys, isAddress, publicAddress, shardAddresses} from '../../../address.js';
import {placeBeside, readWhole} from '../../io/beside.js';
import {openRandomAccess} from '../../io/random-access-file.js';
import {wrongFile} from './format-error.js';
import {shardRecords} from './shards.js';
import type {Records} from './types.js';

/** Whether a file begins as a mixture does: `{"mixture": [`. */
export const isMixture = (bytes: Buffer): boolean =>
  /^\s*\{\s*"mixture"\s*:/.test(bytes.toString('latin1', 0, mixtureHeadBytes));

const mixtureHeadBytes = 4096;

const mostBytes = 1 << 20;

interface Ingredient {
  data: string;
  weight: number;
}

/**
 * The pictures of all sets of a mixture. Classes of the same name are one.
 * @param open opens one of the sets
 * @throws GanError GAN_DATA_FORMAT; of the sets
 */
export async function mixtureRecords(path: string, open: (data: string) => Promise<Records>): Promise<Records> {
  const ingredients = parse((await readWhole(path, mostBytes)).toString(), path);
  const sets: Records[] = [];
  for (const {data} of ingredients) {
    const place = isAddress(path) ? placeBeside(path, data) : placeBeside(resolve(path), data);
    if (place === path || place === resolve(path)) throw wrongFile(path, 'is a mixture that names itself', [advice]);
    if (await isMixtureFile(place)) throw wrongFile(path, `is a mixture that names another mixture: ${data}`, [advice]);
    sets.push(await open(place));
  }
  const sum = ingredients.reduce((all, {weight}) => all + weight, 0);
  const percent = ({weight}: Ingredient): string => `${Number(((100 * weight) / sum).toPrecision(3))} %`;
  const all = shardRecords(path, sets);
  return {
    ...all,
    kind: `mixture of ${sets.map(({kind}, i) => `${kind} ${percent(ingredients[i]!)}`).join(' and ')}`,
    files: [path, ...all.files],
    parts: sets.map(({size}, i) => ({size, weight: ingredients[i]!.weight})),
    identify: async () => ({
      ...(await all.identify()),
      source: `shares ${ingredients.map(percent).join(', ')}`,
    }),
  };
}

/** False for what cannot be read, too: who opens it says why. */
const isMixtureFile = async (place: string): Promise<boolean> =>
  openRandomAccess(isAddress(place) ? shardAddresses(publicAddress(place))[0]! : place)
    .then((file) => file.read(0, mixtureHeadBytes))
    .then(isMixture, () => false);

const advice = 'Write it as {"mixture": [{"data": "a.zip", "weight": 0.7}, {"data": "b", "weight": 0.3}]}';

function parse(text: string, path: string): Ingredient[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrongFile(path, `is no JSON: ${(cause as Error).message}`, [advice], cause);
  }
  const list = isRecord(value) ? value['mixture'] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw wrongFile(path, 'is a mixture without sets', [advice]);
  return list.map((each: unknown): Ingredient => {
    const {data, weight = 1, ...others} = isRecord(each) ? each : {};
    const [unknown] = Object.keys(others);
    if (typeof data === 'string' && unknown !== undefined)
      throw wrongFile(path, `says '${unknown}' of ${hideKeys(data)}; a set has data and a weight`, [advice]);
    if (typeof data !== 'string' || data === '' || typeof weight !== 'number' || !(weight > 0 && weight < Infinity))
      throw wrongFile(
        path,
        `has a set without data or with a wrong weight: ${hideKeys(JSON.stringify(each)).slice(0, 80)}`,
        [advice],
      );
    if (data.startsWith('builtin:'))
      throw wrongFile(path, `names ${data}; sets of a mixture are files, folders or addresses`, [advice]);
    return {data, weight};
  });
}
