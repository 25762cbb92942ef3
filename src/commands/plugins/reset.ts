import {Flags} from '@oclif/core';
import {commands} from '@oclif/plugin-plugins';
import {BaseCommand} from '../../cli/command/base-command.js';
import {installedPlugins} from '../../cli/plugins/installed-plugins.js';
import {confirm} from '../../cli/config/prompts.js';

export default class PluginsReset extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Remove all installed and linked plug-ins.';
  static override description = 'Asks first, unless --yes is given. The folders of linked plug-ins stay.';
  static override examples = [{description: 'In a script', command: '<%= config.bin %> plugins reset --yes'}];
  static override flags = {
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
  };

  async run(): Promise<void> {
    const {flags} = await this.parse(PluginsReset);
    const names = installedPlugins(this.config).map(({name}) => name);
    const wanted = names.length > 0 && (flags.yes || (await confirm(`Remove ${names.join(', ')}?`, '--yes')));
    if (wanted) await commands['plugins:uninstall'].run(names, this.config);
    this.json({uninstalled: wanted ? names : []});
    this.talk(wanted ? `Removed ${names.join(', ')}.` : 'Nothing was removed.');
  }
}
