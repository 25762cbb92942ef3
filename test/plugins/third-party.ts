/** A plug-in package as somebody else has it: outside this repository, with dependencies of its own. */
import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../commands/helpers.js';
import {folder} from '../plugin/helpers.js';

/**
 * Copies a package of plugins/ to a new folder and gives it a node_modules of its own: `gan` linked, the packages in
 * `copies` copied, so that theirs are not the files that `gan` itself loads, and everything else linked.
 */
export function thirdParty(name: string, copies: readonly string[]): string {
  const home = folder();
  const from = path.join(root, 'plugins', name);
  cpSync(from, home, {recursive: true, filter: (file) => !['node_modules', 'dist'].includes(path.basename(file))});
  const modules = path.join(home, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, path.join(modules, 'gankit'), 'dir');
  const scoped = (at: string): string[] =>
    readdirSync(path.join(root, 'node_modules', at)).map((one) => `${at}/${one}`);
  const names = readdirSync(path.join(root, 'node_modules')).filter(
    (one) => !one.startsWith('.') && !one.startsWith('gan-plugin-'),
  );
  for (const one of names.flatMap((at) => (at.startsWith('@') ? scoped(at) : [at]))) {
    const [source, target] = [path.join(root, 'node_modules', one), path.join(modules, one)];
    mkdirSync(path.dirname(target), {recursive: true});
    if (copies.includes(one))
      cpSync(source, target, {recursive: true, filter: (file) => !/\.map$|src$|\.min\.js$/.test(file)});
    else symlinkSync(source, target, 'dir');
  }
  return home;
}

/** Runs a program of the package's node_modules in its folder. */
export function runTool(home: string, file: string, ...args: string[]) {
  return spawnSync(process.execPath, [path.join(home, 'node_modules', file), ...args], {cwd: home, encoding: 'utf8'});
}

/**
 * A data folder in which the command line finds the package linked, as `gan plugins link` leaves it; for GAN_DATA_DIR.
 */
export function linkedIn(home: string, name: string): string {
  const data = folder();
  writeFileSync(
    path.join(data, 'package.json'),
    JSON.stringify({private: true, oclif: {schema: 1, plugins: [{type: 'link', name, root: home}]}}),
  );
  return data;
}
