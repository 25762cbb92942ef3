// npm run third-party: writes docs/third-party.md, the packages that an installation brings, with their licences. It fails
// on a package without a licence, with one that is not allowed, or with an install script.
//
//     node scripts/third-party.mjs [--check] [--out FOLDER]
//
// --check compares docs/third-party.md in place of writing it. --out writes licences.json and a CycloneDX SBOM of all
// published packages (sbom.cdx.json) to a folder; .ci/run keeps them. Everything is read from the lock files.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

/**
 * Licences that allow use, change and distribution, as SPDX names them. LGPL is for libvips alone, which sharp loads as
 * a library of its own that users may replace.
 */
const allowed = [
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'Python-2.0'],
  'Unlicense',
];
const exceptions = {
  '@img/sharp-': ['LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later AND MIT'],
};

/**
 * What npm installs for a package of a lock file without development: its dependencies and theirs, for every platform.
 * @param lock a package-lock.json of version 3
 * @param from the place of the package in the lock file: '' for the root, else that of a workspace
 * @returns {{name: string, version: string, license?: string, scripts: boolean, optional: boolean}[]} by name
 */
export function productionPackages({packages}, from = '') {
  const found = new Set();
  const visit = (at) => {
    const {dependencies, optionalDependencies} = packages[at];
    for (const name of Object.keys({...dependencies, ...optionalDependencies})) {
      const place = resolve(packages, at, name);
      if (place === undefined) {
        if (optionalDependencies?.[name] === undefined)
          throw new Error(`the lock file has no ${name} for ${at || 'the root'}`);
        continue;
      }
      if (found.has(place)) continue;
      found.add(place);
      visit(place);
    }
  };
  visit(from);
  return [...found]
    .filter((place) => place.includes('node_modules/'))
    .map((place) => ({
      name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: packages[place].version,
      license: packages[place].license,
      scripts: packages[place].hasInstallScript === true,
      optional: packages[place].optional === true,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Where Node would find a package from a place in the lock file; links of workspaces are followed. */
function resolve(packages, from, name) {
  const folders = from.split('/').map((_, i, parts) => parts.slice(0, parts.length - i).join('/'));
  for (const folder of [...folders, '']) {
    const place = path.posix.join(folder, 'node_modules', name);
    if (packages[place] !== undefined) return packages[place].link ? packages[place].resolved : place;
  }
  return undefined;
}

/** What is wrong with a package, in words; undefined when nothing is. */
export function faultOf({name, version, license, scripts}) {
  const what = `${name} ${version}`;
  if (scripts) return `${what} has an install script`;
  if (license === undefined) return `${what} has no licence`;
  const own = Object.entries(exceptions).find(([prefix]) => name.startsWith(prefix))?.[1] ?? [];
  const names = license.replace(/^\((.*)\)$/, '$1').split(' OR ');
  if (names.some((each) => allowed.includes(each) || own.includes(each))) return undefined;
  return `${what} has the licence ${license}, which is not among those that are allowed`;
}

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const lockOf = (folder) => JSON.parse(readFileSync(path.join(root, folder, 'package-lock.json'), 'utf8'));

/** The packages of the default installation, and those that come with the optional backends. */
export function installations() {
  const lock = lockOf('.');
  const standard = productionPackages(lock);
  const beside = (packages) =>
    packages.filter(({name, version}) => !standard.some((each) => each.name === name && each.version === version));
  return {
    gankit: standard,
    'gan-plugin-cuda': beside(productionPackages(lock, 'plugins/cuda')),
    'gan-plugin-mpi': beside(productionPackages(lock, 'plugins/mpi')),
    'gan-plugin-webgpu': beside(productionPackages(lockOf('plugins/webgpu'))),
  };
}

/**
 * Packages of optional backends whose script is not needed: koffi's builds what comes in a package for each platform;
 * that of webgpu takes a mark off its library on macOS, which npm does not set.
 */
const scriptsNotNeeded = {'gan-plugin-cuda': ['koffi'], 'gan-plugin-mpi': ['koffi'], 'gan-plugin-webgpu': ['webgpu']};

/** Faults of all installations. */
export const faults = (all = installations()) =>
  Object.entries(all).flatMap(([of, packages]) =>
    packages.flatMap((each) => {
      const scripts = each.scripts && !scriptsNotNeeded[of]?.includes(each.name);
      return faultOf({...each, scripts}) ?? [];
    }),
  );

const table = (packages) =>
  [
    '| package | version | licence |',
    '|---|---|---|',
    ...packages.map(
      ({name, version, license, optional}) =>
        `| ${name}${optional ? ' (by platform)' : ''} | ${version} | ${license} |`,
    ),
  ].join('\n');

export function page(all = installations()) {
  const [standard, ...others] = Object.entries(all);
  return `# Packages of others

\`npm run third-party\` writes this page from the lock files. CI fails when it is out of date, and on a package without a licence,
with a licence that is not allowed, or with an install script ([ADR 70](adr/0070-what-an-installation-brings.md)). CI also makes a
CycloneDX SBOM.

\`gankit\` and the backends that come with it install these packages. Of those marked "by platform", npm installs the ones for the
machine.

${table(standard[1])}
${others.map(([name, packages]) => `\n\`${name}\`, which is installed when wanted, adds these:\n\n${table(packages)}\n`).join('')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {values} = parseArgs({options: {check: {type: 'boolean', default: false}, out: {type: 'string'}}});
  const all = installations();
  const wrong = faults(all);
  const file = path.join(root, 'docs/third-party.md');
  if (!values.check) writeFileSync(file, page(all));
  else if (readFileSync(file, 'utf8') !== page(all))
    wrong.push('docs/third-party.md is out of date: npm run third-party');
  if (values.out !== undefined) {
    mkdirSync(values.out, {recursive: true});
    writeFileSync(path.join(values.out, 'licences.json'), `${JSON.stringify(all, null, 1)}\n`);
    const sbom = execFileSync(
      'npm',
      ['sbom', '--package-lock-only', '--omit=dev', '--sbom-format=cyclonedx', '--sbom-type=application'],
      {cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26, shell: process.platform === 'win32'},
    );
    const bom = JSON.parse(sbom);
    bom.metadata.component.name = lockOf('.').name; // npm gives the name of the folder
    writeFileSync(path.join(values.out, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 1)}\n`);
  }
  for (const line of wrong) console.error(line);
  const counts = Object.entries(all).map(
    ([name, packages]) => `${name} ${packages.filter(({optional}) => !optional).length}`,
  );
  console.log(`packages, without those by platform: ${counts.join(', ')}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
