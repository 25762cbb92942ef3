import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {GanError} from '../../errors.js';
import {NpmError, runNpm, type NpmOptions} from './npm.js';
import type {NotedPlugin, PluginFolder} from './plugin-folder.js';

/** Of npm, for every plug-in: no second copy of gan for a peer dependency, and folders with their packages. */
const forPlugins = ['--omit=dev', '--legacy-peer-deps', '--install-links', '--global=false'];

export type InstallOptions = Pick<NpmOptions, 'registry' | 'logLevel' | 'allowScripts'> & {
  /** Fetches what is there already. */
  force?: boolean;
};

/**
 * Lets npm install a package into the folder of plug-ins.
 * @param spec a name with a version or tag, `file:` and a path, or an address, as npm understands them
 * @returns what to note of it once it has been found to be a plug-in
 * @throws GanError GAN_PLUGIN_INSTALL (exit 3) with what npm says
 */
export async function installPackage(
  folder: PluginFolder,
  spec: string,
  {force = false, ...options}: InstallOptions,
): Promise<NotedPlugin> {
  await folder.prepare();
  const before = folder.dependencies();
  const args = ['install', spec, ...forPlugins, ...(force ? ['--force'] : [])];
  await npmDoes(`${spec} cannot be installed`, args, {...options, cwd: folder.path});
  const [, name, tag] = /^((?:@[^@/:]+\/)?[^@/:]+)(?:@(.*))?$/.exec(spec) ?? [];
  if (name !== undefined) return {name, type: 'user', tag: tag ?? 'latest'};
  const now = Object.entries(folder.dependencies());
  const found =
    now.find(([each, from]) => before[each] !== from) ?? now.find(([, from]) => isSame(from, spec, folder.path));
  if (found) return {name: found[0], type: 'user', url: spec};
  throw new GanError('config', 'GAN_PLUGIN_INSTALL', `npm installed ${spec}, but did not note its name.`, {
    suggestions: [`gan plugins install --verbose ${spec}   shows the output of npm`],
  });
}

/** Lets npm remove a package from the folder of plug-ins. */
export const uninstallPackage = (folder: PluginFolder, name: string, options: NpmOptions): Promise<unknown> =>
  npmDoes(`npm cannot remove ${name}`, ['uninstall', name, '--legacy-peer-deps', '--global=false'], {
    ...options,
    cwd: folder.path,
  });

/**
 * Lets npm bring plug-ins to their newest versions.
 * @throws GanError GAN_PLUGIN_INSTALL (exit 3) with what npm says
 */
export async function updatePackages(
  folder: PluginFolder,
  plugins: readonly NotedPlugin[],
  options: InstallOptions,
): Promise<void> {
  const of = {...options, cwd: folder.path};
  const [named, others] = [plugins.filter(({url}) => url === undefined), plugins.filter(({url}) => url !== undefined)];
  const names = (list: readonly NotedPlugin[]): string => list.map(({name}) => name).join(', ');
  if (others.length > 0)
    await npmDoes(`${names(others)} cannot be updated`, ['update', ...others.map(({name}) => name), ...forPlugins], of);
  if (named.length > 0)
    await npmDoes(
      `${names(named)} cannot be updated`,
      ['install', ...named.map(({name, tag = 'latest'}) => `${name}@${tag}`), ...forPlugins],
      of,
    );
}

/**
 * Installs the packages of a plug-in in its own folder, and builds it: the folder is the user's, so its own `prepare`
 * script runs; those of other packages only where they are allowed to.
 * @returns what was not done, and why
 */
export async function installInPlace(root: string, options: InstallOptions): Promise<string | undefined> {
  const has = (file: string): boolean => existsSync(path.join(root, file));
  if (!has('package-lock.json')) {
    const other = has('yarn.lock') ? 'yarn install' : has('pnpm-lock.yaml') ? 'pnpm install' : 'npm install';
    if (other === 'npm install' && !needsPackages(root)) return undefined;
    return `its packages were not installed, because ${root} has no package-lock.json; if it needs them: ${other}`;
  }
  await npmDoes(`The packages of ${root} cannot be installed`, ['install', '--global=false'], {...options, cwd: root});
  if (options.allowScripts !== true)
    await npmDoes(`${root} cannot be built`, ['run', 'prepare', '--if-present'], {
      ...options,
      cwd: root,
      allowScripts: true,
    });
  return undefined;
}

/** Packages in the folder of plug-ins that have install scripts, as npm notes them. */
export function packagesWithScripts(folder: PluginFolder): string[] {
  try {
    const {packages = {}} = JSON.parse(
      readFileSync(path.join(folder.path, 'node_modules/.package-lock.json'), 'utf8'),
    ) as {packages?: Record<string, {hasInstallScript?: boolean; version?: string}>};
    return Object.entries(packages)
      .filter(([, {hasInstallScript}]) => hasInstallScript === true)
      .map(([at, {version}]) => `${at.slice(at.lastIndexOf('node_modules/') + 13)} ${version ?? ''}`.trim());
  } catch {
    return []; // npm has not written one: nothing is installed
  }
}

async function npmDoes(what: string, args: readonly string[], options: NpmOptions): Promise<unknown> {
  try {
    return await runNpm(args, options);
  } catch (error) {
    if (!(error instanceof NpmError)) throw error;
    throw new GanError('config', 'GAN_PLUGIN_INSTALL', `${what}: ${error.message}`, {
      cause: error,
      suggestions: ['With --verbose the command shows all that npm prints.'],
    });
  }
}

function needsPackages(root: string): boolean {
  const {dependencies = {}} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(dependencies).length > 0;
}

/** Whether npm notes this source for what the user wrote: files relatively, and repositories in its own way. */
function isSame(noted: string, wanted: string, folder: string): boolean {
  const source = (text: string): string =>
    text.startsWith('file:')
      ? path.resolve(folder, text.slice('file:'.length))
      : text
          .replace(/#.*$|\.git(?=#|$)/g, '')
          .replace(/^(git\+)?[a-z]+:\/\/([^@/]+@)?/, '')
          .replace(/^github:|^(?=[^/:]+\/[^/:]+$)/, 'github.com/');
  return source(noted) === source(wanted);
}
