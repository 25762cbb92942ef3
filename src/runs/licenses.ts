import {GanError} from '../errors.js';
import {nearestFirst} from '../options/nearest.js';

/**
 * Licences as model cards name them (https://huggingface.co/docs/hub/repositories-licenses). The hub refuses a card with
 * another one.
 */
const licenses: readonly string[] = [
  ...['apache-2.0', 'mit', 'openrail', 'bigscience-openrail-m', 'creativeml-openrail-m', 'bigscience-bloom-rail-1.0'],
  ...['bigcode-openrail-m', 'afl-3.0', 'artistic-2.0', 'bsl-1.0', 'bsd', 'bsd-2-clause', 'bsd-3-clause'],
  ...['bsd-3-clause-clear', 'c-uda', 'cc', 'cc0-1.0', 'cc-by-2.0', 'cc-by-2.5', 'cc-by-3.0', 'cc-by-4.0'],
  ...['cc-by-sa-3.0', 'cc-by-sa-4.0', 'cc-by-nc-2.0', 'cc-by-nc-3.0', 'cc-by-nc-4.0', 'cc-by-nd-4.0'],
  ...['cc-by-nc-nd-3.0', 'cc-by-nc-nd-4.0', 'cc-by-nc-sa-2.0', 'cc-by-nc-sa-3.0', 'cc-by-nc-sa-4.0'],
  ...['cdla-sharing-1.0', 'cdla-permissive-1.0', 'cdla-permissive-2.0', 'wtfpl', 'ecl-2.0', 'epl-1.0', 'epl-2.0'],
  ...['etalab-2.0', 'eupl-1.1', 'eupl-1.2', 'agpl-3.0', 'gfdl', 'gpl', 'gpl-2.0', 'gpl-3.0', 'lgpl', 'lgpl-2.1'],
  ...['lgpl-3.0', 'isc', 'h-research', 'intel-research', 'lppl-1.3c', 'ms-pl', 'apple-ascl', 'apple-amlr', 'mpl-2.0'],
  ...['odc-by', 'odbl', 'openmdw-1.0', 'openrail++', 'osl-3.0', 'postgresql', 'ofl-1.1', 'ncsa', 'unlicense', 'zlib'],
  ...['pddl', 'lgpl-lr', 'fair-noncommercial-research-license', 'unknown', 'other'],
];

/** SPDX's names of licences that the hub calls otherwise. */
const ofSpdx: Readonly<Record<string, string>> = {
  'odc-by-1.0': 'odc-by',
  'odbl-1.0': 'odbl',
  'pddl-1.0': 'pddl',
  'gfdl-1.3': 'gfdl',
  'c-uda-1.0': 'c-uda',
};

/**
 * A licence as a model card names it.
 * @param given in the spelling of the hub or of SPDX (https://spdx.org/licenses): `mit`, `Apache-2.0`, `GPL-3.0-only`
 * @throws GanError GAN_LICENSE (exit 2)
 */
export function licenseOf(given: string): string {
  const name = given.trim().toLowerCase();
  const plain = name.replace(/-(only|or-later)$/, '');
  const found = [name, plain, ofSpdx[plain]].find((each) => each !== undefined && licenses.includes(each));
  if (found !== undefined) return found;
  throw new GanError('usage', 'GAN_LICENSE', `'${given}' is no licence that a model card can name.`, {
    suggestions: [
      `Names like it: ${nearestFirst(name, licenses).slice(0, 4).join(', ')}`,
      '--license other   for any other licence: add license_name and license_link to README.md afterwards',
      'All names: https://huggingface.co/docs/hub/repositories-licenses',
    ],
  });
}
