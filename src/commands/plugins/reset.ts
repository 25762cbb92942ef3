import {Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {confirm} from '../../cli/config/prompts.js';
import {PluginFolder, type NotedPlugin} from '../../cli/plugins/plugin-folder.js';
import {removePlugin} from '../../cli/plugins/remove-plugin.js';
import {isGanError} from '../../errors.js';

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
    const folder = new PluginFolder(this.config.dataDir);
    const plugins = noted(folder);
    const names = plugins?.map(({name}) => name) ?? [];
    const what = plugins ? names.join(', ') : `the list of plug-ins, ${folder.file}, which cannot be read`;
    const wanted = plugins?.length !== 0 && (flags.yes || (await confirm(`Remove ${what}?`, '--yes')));
    if (wanted) {
      if (!plugins) folder.setAside();
      for (const plugin of plugins ?? []) {
        const warning = await removePlugin(folder, plugin);
        if (warning !== undefined) this.warning(warning);
      }
    }
    this.json({uninstalled: wanted ? names : []});
    this.talk(wanted ? `Removed ${what}.` : 'Nothing was removed.');
  }
}

/** All plug-ins; undefined where their list cannot be read, which is what a reset is for. */
function noted(folder: PluginFolder): NotedPlugin[] | undefined {
  try {
    return folder.list();
  } catch (error) {
    if (isGanError(error)) return undefined;
    throw error;
  }
}
