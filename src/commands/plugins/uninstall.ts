import {Args} from '@oclif/core';
import {commands} from '@oclif/plugin-plugins';
import {BaseCommand} from '../../cli/command/base-command.js';
import {installedName} from '../../cli/plugins/plugin-packages.js';

/** oclif's `plugins uninstall`, which also knows short names: foo for gan-plugin-foo. */
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
    const names = (argv as string[]).map((name) => installedName(this.config, name));
    await commands['plugins:uninstall'].run(names, this.config);
    this.json({uninstalled: names});
  }
}
