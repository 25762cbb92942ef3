import {execFile} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {promisify} from 'node:util';
import type {Interfaces} from '@oclif/core';
import {GanError} from '../../errors.js';
import {fullPluginName, isCalled} from '../../plugin/names.js';

type Config = Pick<Interfaces.Config, 'plugins' | 'npmRegistry'>;

/** Translates what a user of gan writes into what oclif's `plugins install` understands. */
export async function packageSpec(config: Config, wanted: string, cwd = process.cwd()): Promise<string> {
  const file = path.resolve(cwd, wanted);
  if (existsSync(path.join(file, 'package.json')) || (wanted.endsWith('.tgz') && existsSync(file)))
    return `file:${file}`;
  const isName = /^(@[^/]+\/)?[^/:]+$/.test(wanted) && !/^\.|\.tgz$/.test(wanted);
  if (!isName) {
    if (!/^\.|^\/|\.tgz$|^[a-z]:\\/i.test(wanted) || wanted.includes('://')) return wanted;
    throw new GanError('usage', 'GAN_PLUGIN_NOT_FOUND', `There is no package in ${file}.`, {
      suggestions: ['Give a folder with a package.json, or a file made by npm pack.'],
    });
  }
  const [, name = wanted, tag = ''] = /^(@?[^@]+)(@.+)?$/.exec(wanted) ?? [];
  const candidates = [...new Set([fullPluginName(name), name])];
  for (const candidate of candidates) if (await isPublished(config, candidate)) return candidate + tag;
  throw new GanError('usage', 'GAN_PLUGIN_NOT_FOUND', `The npm registry has no ${candidates.join(' and no ')}.`, {
    suggestions: [
      'Plug-ins have the keyword gan-plugin: https://www.npmjs.com/search?q=keywords:gan-plugin',
      'To use another registry: GAN_NPM_REGISTRY=https://...',
    ],
  });
}

/**
 * Lets npm install without a second copy of gan beside a plug-in, and without links to folders whose packages are
 * missing.
 */
export function forNpm(): void {
  Object.assign(process.env, {npm_config_legacy_peer_deps: 'true', npm_config_install_links: 'true'});
}

/** The package in a folder. @throws GanError GAN_PLUGIN_NOT_FOUND (exit 2) */
export function packageIn(folder: string): {name: string; root: string} {
  const root = path.resolve(folder);
  try {
    const {name} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {name: string};
    return {name, root};
  } catch (error) {
    throw new GanError('usage', 'GAN_PLUGIN_NOT_FOUND', `There is no package in ${root}: ${(error as Error).message}`, {
      suggestions: ['Give the folder of a plug-in, with its package.json.'],
    });
  }
}

/**
 * Writes down what commands a plug-in has, where its author did not (`oclif manifest`), so that starting gan need not
 * load them.
 * @returns whether there was something to write
 */
export function writeManifest({root, manifest}: {root: string; manifest: Interfaces.Manifest}): boolean {
  const file = path.join(root, 'oclif.manifest.json');
  if (Object.keys(manifest.commands).length === 0 || existsSync(file)) return false;
  writeFileSync(file, JSON.stringify(manifest));
  return true;
}

/** The name of an installed plug-in for its full or short name; what is not installed stays as it is. */
export function installedName({plugins}: Pick<Config, 'plugins'>, wanted: string): string {
  return [...plugins.keys()].find((name) => isCalled(name, wanted)) ?? wanted;
}

/**
 * True if the registry has the package.
 * @throws GanError GAN_REGISTRY when it cannot be asked
 */
async function isPublished({npmRegistry}: Config, name: string): Promise<boolean> {
  const args = [
    npmProgram(),
    'view',
    name,
    'name',
    '--json',
    '--loglevel=error',
    ...(npmRegistry === undefined ? [] : [`--registry=${npmRegistry}`]),
  ];
  try {
    await promisify(execFile)(process.execPath, args);
    return true;
  } catch (error) {
    const {stdout = '', stderr = ''} = error as {stdout?: string; stderr?: string};
    if (/E404/.test(stdout + stderr)) return false;
    throw new GanError(
      'data',
      'GAN_REGISTRY',
      `The npm registry could not be asked for ${name}: ${stderr.trim().split('\n')[0] ?? ''}`,
      {cause: error, suggestions: ['Are you online? A folder or a .tgz file needs no registry.']},
    );
  }
}

/** The npm that oclif's plugin-plugins brings and uses. */
function npmProgram(): string {
  const require = createRequire(import.meta.resolve('@oclif/plugin-plugins'));
  const manifest = require.resolve('npm/package.json');
  const {bin} = JSON.parse(readFileSync(manifest, 'utf8')) as {bin: {npm: string}};
  return path.join(path.dirname(manifest), bin.npm);
}
