import {Args, Config, Flags} from '@oclif/core';
import {commands} from '@oclif/plugin-plugins';
import {BaseCommand} from '../../cli/command/base-command.js';
import {brings, installedPlugins} from '../../cli/plugins/installed-plugins.js';
import {forNpm, packageIn} from '../../cli/plugins/plugin-packages.js';

/** oclif's `plugins link`, which says what was linked and what is wrong with it. */
export default class PluginsLink extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Use a plug-in directly from its folder, to work on it.';
  static override description =
    'A linked plug-in replaces an installed one with the same name. Build it again after each change of its sources. Undo with: gan plugins unlink NAME';
  static override examples = [
    {description: 'The plug-in in this folder', command: '<%= config.bin %> plugins link'},
    {
      description: 'A plug-in in another folder, whose packages are installed',
      command: '<%= config.bin %> plugins link ../gan-plugin-foo --no-install',
    },
  ];
  static override args = {
    path: Args.string({default: '.', description: 'folder of the plug-in'}),
  };
  static override flags = {
    install: Flags.boolean({allowNo: true, default: true, description: 'install its packages'}),
    verbose: Flags.boolean({char: 'v', description: 'show the output of npm'}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(PluginsLink);
    const {name, root} = packageIn(args.path);
    forNpm();
    await new commands['plugins:link'](
      [root, flags.install ? '--install' : '--no-install', ...(flags.verbose ? ['--verbose'] : [])],
      this.config,
    ).run();
    const linked = installedPlugins(await Config.load({root: this.config.root})).find((plugin) => plugin.name === name);
    if (linked === undefined) return; // oclif said why
    this.json(linked);
    this.result(`${linked.name} ${linked.version} -> ${linked.root}: ${brings(linked)}`);
    for (const problem of linked.problems) this.warning(problem);
  }
}
