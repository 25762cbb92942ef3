import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {loadConfig} from '../../cli/config/load-config.js';
import {brings, installedPlugins} from '../../cli/plugins/installed-plugins.js';
import {npmSettings, scriptsFlag, verboseFlag} from '../../cli/plugins/npm-flags.js';
import {installInPlace} from '../../cli/plugins/npm-plugins.js';
import {PluginFolder} from '../../cli/plugins/plugin-folder.js';
import {assertPlugin, packageIn} from '../../cli/plugins/plugin-packages.js';

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
    'allow-scripts': scriptsFlag(),
    verbose: verboseFlag(),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(PluginsLink);
    const {name, root, pjson} = packageIn(args.path);
    assertPlugin(name, pjson);
    if (flags.install) {
      const undone = await installInPlace(root, npmSettings(this.config, flags));
      if (undone !== undefined) this.warning(undone);
    }
    await new PluginFolder(this.config.dataDir).add({name, root, type: 'link'});
    const linked = installedPlugins(await loadConfig(this.config.root)).find((plugin) => plugin.name === name);
    if (linked === undefined) return; // it has been said why
    this.json(linked);
    this.result(`${linked.name} ${linked.version} -> ${linked.root}: ${brings(linked)}`);
    for (const problem of linked.problems) this.warning(problem);
  }
}
