import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Interfaces} from '@oclif/core';
import {GanError, messageOf} from '../../errors.js';
import {fullPluginName} from '../../plugin/names.js';
import {NpmError, runNpm} from './npm.js';

type Config = Pick<Interfaces.Config, 'npmRegistry'>;

/** Translates what a user of gan writes into what npm understands. */
export async function packageSpec(config: Config, wanted: string, cwd = process.cwd()): Promise<string> {
  const file = path.resolve(cwd, wanted);
  if (existsSync(path.join(file, 'package.json')) || (wanted.endsWith('.tgz') && existsSync(file)))
    return `file:${file}`;
  const isName = /^(@[^/]+\/)?[^/\\:]+$/.test(wanted) && !/^\.|\.tgz$/.test(wanted);
  if (!isName) {
    if (!/^\.|^\/|\\|\.tgz$|^[a-z]:\//i.test(wanted) || wanted.includes('://')) return wanted;
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

/** The package in a folder. @throws GanError GAN_PLUGIN_NOT_FOUND (exit 2) */
export function packageIn(folder: string): {name: string; root: string; pjson: Record<string, unknown>} {
  const root = path.resolve(folder);
  try {
    const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    if (typeof pjson['name'] !== 'string') throw new Error('its package.json has no name');
    return {name: pjson['name'], root, pjson};
  } catch (error) {
    throw new GanError('usage', 'GAN_PLUGIN_NOT_FOUND', `There is no package in ${root}: ${messageOf(error)}`, {
      suggestions: ['Give the folder of a plug-in, with its package.json.'],
    });
  }
}

/**
 * oclif loads only packages whose package.json has an `oclif` block.
 * @throws GanError GAN_PLUGIN_INSTALL (exit 3)
 */
export function assertPlugin(name: string, pjson: Record<string, unknown>): void {
  if (typeof pjson['oclif'] === 'object' && pjson['oclif'] !== null) return;
  throw new GanError(
    'config',
    'GAN_PLUGIN_INSTALL',
    `${name} cannot be installed: its package.json has no "oclif": {}`,
    {suggestions: ['Tell its author: gan needs this line to accept the package.']},
  );
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

/**
 * True if the registry has the package.
 * @throws GanError GAN_REGISTRY when it cannot be asked
 */
async function isPublished({npmRegistry}: Config, name: string): Promise<boolean> {
  try {
    await runNpm(['view', name, 'name', '--json'], {registry: npmRegistry});
    return true;
  } catch (error) {
    if (!(error instanceof NpmError)) throw error;
    if (/E404/.test(error.output)) return false;
    throw new GanError('data', 'GAN_REGISTRY', `The npm registry could not be asked for ${name}: ${error.message}`, {
      cause: error,
      suggestions: ['Are you online? A folder or a .tgz file needs no registry.'],
    });
  }
}
