import {readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {GanError} from '../../errors.js';
import {kindNames, partKinds} from '../../options/kinds.js';
import {fullPluginName} from '../../plugin/names.js';
import {didYouMean} from '../../options/nearest.js';
import type {Provided} from '../../scaffold/plugin.js';

const provided: readonly Provided[] = [...kindNames, 'command'];

/**
 * npm's rules, with the names of parts in mind: words of small letters and digits, joined by hyphens; a scope if
 * wanted.
 */
const validName = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export default class PluginsCreate extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Write a new plug-in, complete with tests, README and CI.';
  static override description = `Writes TypeScript code, one small file per part, that works immediately: npm install, npm test. docs/plugins.md is a tutorial. Kinds: ${provided.join(', ')}.`;
  static override examples = [
    {
      description: 'gan-plugin-turns with a switcher',
      command: '<%= config.bin %> plugins create turns --provides switcher',
    },
    {
      description: 'Two parts, in a scope of your own',
      command: '<%= config.bin %> plugins create @me/deep --provides architecture,penalty',
    },
  ];
  static override args = {
    name: Args.string({description: 'foo or @scope/foo, for the package gan-plugin-foo', required: true}),
  };
  static override flags = {
    provides: Flags.string({
      description: 'kinds of parts, separated by commas',
      required: true,
      helpValue: 'KINDS',
    }),
    out: Flags.string({char: 'o', description: 'folder (default: gan-plugin-NAME)', helpValue: 'DIR'}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(PluginsCreate);
    if (!validName.test(args.name)) {
      throw new GanError('usage', 'GAN_PLUGIN_NAME', `'${args.name}' is not a valid name for a plug-in.`, {
        suggestions: ['Use small letters, digits and hyphens: foo-bar, or @scope/foo-bar.'],
      });
    }
    const kinds = [...new Set(flags.provides.split(',').map((kind) => kindOf(kind.trim())))];
    const name = fullPluginName(args.name);
    const dir = flags.out ?? name.replace(/^@[^/]+\//, '');
    if (statSync(dir, {throwIfNoEntry: false}) && (!statSync(dir).isDirectory() || readdirSync(dir).length > 0)) {
      throw new GanError('usage', 'GAN_OUT_EXISTS', `${dir} already exists.`, {
        suggestions: ['Choose another folder: --out DIR'],
      });
    }
    const [{pluginFiles}, {writeNewFolder}] = await Promise.all([
      import('../../scaffold/plugin.js'),
      import('../../gan/io/atomic-folder.js'),
    ]);
    const files = pluginFiles(name, kinds);
    await writeNewFolder(dir, new Map(Object.entries(files)));
    this.json({name, dir, files: Object.keys(files)});
    for (const file of Object.keys(files)) this.result(path.join(dir, file));
    this.talk(`\nNext:\n  cd ${dir}\n  npm install && npm test\n  gan plugins link`);
  }
}

/** A kind in the singular or the plural. @throws GanError GAN_UNKNOWN_KIND (exit 2) */
function kindOf(wanted: string): Provided {
  const found = provided.find(
    (kind) => kind === wanted || (kind !== 'command' && partKinds[kind].manifestKey === wanted),
  );
  if (found !== undefined) return found;
  const meant = didYouMean(wanted, provided);
  throw new GanError('usage', 'GAN_UNKNOWN_KIND', `There is no kind of part '${wanted}'.`, {
    suggestions: [...(meant === undefined ? [] : [`Did you mean '${meant}'?`]), `Kinds: ${provided.join(', ')}.`],
  });
}
