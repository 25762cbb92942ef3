import {Args} from '@oclif/core';
import {commands} from '@oclif/plugin-plugins';
import {BaseCommand} from '../../cli/base-command.js';
import {installedName} from '../../cli/plugin-packages.js';

/** oclif's `plugins inspect`, which also knows short names: foo for gan-plugin-foo. */
export default class PluginsInspect extends BaseCommand {
  static override summary = 'Show the version, folder, commands and dependencies of installed plug-ins.';
  static override examples = [{description: 'gan-plugin-foo', command: '<%= config.bin %> plugins inspect foo'}];
  static override strict = false;
  static override args = {
    plugin: Args.string({name: 'NAME', description: 'full or short name; any number', required: true}),
  };

  async run(): Promise<void> {
    const {argv} = await this.parse(PluginsInspect);
    const names = (argv as string[]).map((name) => installedName(this.config, name));
    await commands['plugins:inspect'].run([...names, ...(this.asksFor('--json') ? ['--json'] : [])], this.config);
  }
}
