import {Args} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {PluginFolder} from '../../cli/plugins/plugin-folder.js';
import {removePlugin, wantedPlugin} from '../../cli/plugins/remove-plugin.js';

export default class PluginsUninstall extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Remove installed or linked plug-ins.';
  static override description = 'Runs that use their parts cannot be resumed until the plug-ins are installed again.';
  static override examples = [{description: 'gan-plugin-foo', command: '<%= config.bin %> plugins uninstall foo'}];
  static override aliases = ['plugins:unlink', 'plugins:remove'];
  static override strict = false;
  static override args = {
    plugin: Args.string({name: 'NAME', description: 'full or short name; one or more', required: true}),
  };

  async run(): Promise<void> {
    const {argv} = await this.parse(PluginsUninstall);
    const folder = new PluginFolder(this.config.dataDir);
    const wanted = (argv as string[]).map((name) => wantedPlugin(folder.list(), name));
    for (const plugin of wanted) {
      const warning = await removePlugin(folder, plugin);
      if (warning !== undefined) this.warning(warning);
      this.config.plugins.delete(plugin.name);
    }
    const names = wanted.map(({name}) => name);
    this.json({uninstalled: names});
    this.talk(`Removed ${names.join(', ')}.`);
  }
}
