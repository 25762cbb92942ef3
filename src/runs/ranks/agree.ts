import {arch, version as nodeVersion} from 'node:process';
import {GanError} from '../../errors.js';
import {dataDifference, type DataIdentity} from '../../gan/data/identity.js';
import type {Ranks} from './ranks.js';

/** What has to be alike in all ranks, so that they compute the same. */
export interface Inputs {
  data?: DataIdentity | undefined;
  backend: string;
  packages: Readonly<Record<string, string>>;
}

/**
 * Compares what the ranks have with rank 0, which refuses for all of them. The configuration is rank 0's.
 * @throws GanError GAN_RANKS_DIFFER (exit 3) that names the ranks and their machines
 */
export async function agree(ranks: Ranks, inputs: Inputs): Promise<void> {
  const all = await ranks.fromAll({...inputs, machine: {node: majorOf(nodeVersion), processor: arch}});
  const [first, ...others] = all;
  const different = others.flatMap((other, i) => {
    const what = differences(first!, other);
    return what.length === 0 ? [] : [`rank ${i + 1} on ${ranks.collective.hosts[i + 1]}: ${what.join('; ')}`];
  });
  if (different.length === 0 || !ranks.isFirst) return;
  throw new GanError(
    'config',
    'GAN_RANKS_DIFFER',
    `The ranks cannot train together, for they would not compute the same as rank 0 on ${ranks.collective.hosts[0]}: ${different.slice(0, 8).join('. ')}${different.length > 8 ? `. And ${different.length - 8} more` : ''}.`,
    {
      suggestions: [
        'Install the same versions of gan and of its plug-ins on every machine.',
        'Give each machine the same data under the same path, or a folder that all of them see.',
      ],
    },
  );
}

type Facts = Inputs & {machine: Record<string, string>};

function differences(first: Facts, other: Facts): string[] {
  const data =
    first.data && other.data
      ? dataDifference(first.data, other.data)
      : Boolean(first.data) === Boolean(other.data)
        ? undefined
        : 'data that cannot be looked at';
  return [
    ...tableDifferences(first.packages, other.packages),
    ...(first.backend === other.backend ? [] : [`the backend is ${other.backend}, not ${first.backend}`]),
    ...tableDifferences(first.machine, other.machine),
    ...(data === undefined ? [] : [`other data: ${data}`]),
  ];
}

const tableDifferences = (first: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string[] =>
  Object.keys({...first, ...other}).flatMap((key) =>
    first[key] === other[key] ? [] : [`${key} is ${other[key] ?? 'missing'}, not ${first[key] ?? 'missing'}`],
  );

const majorOf = (version: string): string => version.replace(/^v/, '').split('.')[0]!;
