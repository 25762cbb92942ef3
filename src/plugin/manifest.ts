import path from 'node:path';
import {apiVersion, type PartKind} from './index.js';
import {changedInApi2, kindLabel, kindNames, partKinds} from '../options/kinds.js';
import {didYouMean} from '../options/nearest.js';

/** A package that may bring parts, as found on disk. */
export interface PackageInfo {
  name: string;
  /** Absolute folder of its package.json. */
  root: string;
  /** The content of its package.json. */
  pjson: Readonly<Record<string, unknown>>;
  /** It is this package, or one that this package depends on. */
  builtIn?: boolean;
}

/** A part that a package says it brings; nothing of it is loaded. */
export interface DeclaredPart {
  kind: PartKind;
  name: string;
  package: string;
  /** Absolute path of the module. */
  file: string;
  /** True for this package and the packages that it depends on. */
  builtIn: boolean;
}

/** A package, or one part of it, that cannot be used. */
export interface PluginProblem {
  package: string;
  reason: string;
}

export interface Manifest {
  parts: DeclaredPart[];
  problems: PluginProblem[];
}

/** Part names are typed on command lines and used in folder names. */
const partName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** The kinds by their keys in the `gan` block. */
const kindOf: ReadonlyMap<string, PartKind> = new Map(kindNames.map((kind) => [partKinds[kind].manifestKey, kind]));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the declarations in the `gan` block of a package.json. Returns faults instead of throwing them, because one bad
 * plug-in must not stop the others.
 */
export function readManifest({name, root, pjson, builtIn = false}: PackageInfo): Manifest {
  const manifest: Manifest = {parts: [], problems: []};
  const report = (reason: string) => manifest.problems.push({package: name, reason});
  const block = pjson['gan'];
  if (!isRecord(block)) {
    report(
      `the "gan" block of its package.json must be an object like {"api": ${apiVersion}, "losses": {"name": "./file.js"}}`,
    );
    return manifest;
  }
  if (block['api'] !== apiVersion) {
    report(apiFault(block));
    return manifest;
  }
  for (const [key, entries] of Object.entries(block)) {
    if (key === 'api') continue;
    const kind = kindOf.get(key);
    if (kind === undefined) {
      const meant = didYouMean(key, [...kindOf.keys()]);
      report(
        `"gan" has no key "${key}"${meant === undefined ? '' : `; did you mean "${meant}"?`} Keys: ${[...kindOf.keys()].join(', ')}`,
      );
    } else if (isRecord(entries)) {
      for (const [part, file] of Object.entries(entries)) {
        const fault = entryFault(part, file, root);
        if (fault === undefined)
          manifest.parts.push({kind, name: part, package: name, file: path.resolve(root, String(file)), builtIn});
        else report(`"gan"."${key}"."${part}": ${fault}`);
      }
    } else {
      report(`"gan"."${key}" must map names to files, like {"name": "./file.js"}`);
    }
  }
  return manifest;
}

/**
 * Why a `gan` block for another API is left out: which parts are lost by it, and what their author has to change.
 * @param version the API of this version of gan
 * @param changes what the second API changed, by the kinds that it changed
 */
export function apiFault(
  block: Readonly<Record<string, unknown>>,
  version: number = apiVersion,
  changes: Readonly<Partial<Record<PartKind, string>>> = changedInApi2,
): string {
  const {api} = block;
  const lost = [...kindOf].flatMap(([key, kind]) => {
    const entries = block[key];
    return isRecord(entries) && Object.keys(entries).length > 0 ? [{kind, names: Object.keys(entries)}] : [];
  });
  const parts = lost.flatMap(({kind, names}) => names.map((name) => `${kindLabel(kind)} ${name}`));
  const older = typeof api === 'number' && api < 2 && version >= 2;
  const changed = older
    ? lost.flatMap(({kind}) => (changes[kind] === undefined ? [] : [`${kind}: ${changes[kind]}`]))
    : [];
  return [
    `it is made for plug-in API ${JSON.stringify(api) ?? '(none given)'}, this version of gan has ${version}`,
    ...(parts.length === 0 ? [] : [`it would bring ${parts.join(', ')}`]),
    ...(changed.length === 0 ? [] : [`what has changed for its author: ${changed.join('; ')}`]),
  ].join('; ');
}

/** Returns what is wrong with one entry, if anything. */
function entryFault(part: string, file: unknown, root: string): string | undefined {
  if (!partName.test(part)) return 'names are lower-case words joined by hyphens';
  if (typeof file !== 'string' || !file.startsWith('./')) return 'the file must be a path that starts with "./"';
  if (path.relative(root, path.resolve(root, file)).startsWith('..')) return 'the file is outside the package';
  return undefined;
}
