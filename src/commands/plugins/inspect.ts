import {Args} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {installedPlugins, type InstalledPlugin} from '../../cli/plugins/installed-plugins.js';
import {styleFor} from '../../cli/text/style.js';
import {pluginNotFound} from '../../cli/plugins/remove-plugin.js';
import {isCalled} from '../../plugin/names.js';

export default class PluginsInspect extends BaseCommand {
  static override summary = 'Show the version, folder, parts, commands and problems of installed plug-ins.';
  static override description = 'Loads every part. A part that does not load is shown with the reason.';
  static override examples = [{description: 'gan-plugin-foo', command: '<%= config.bin %> plugins inspect foo'}];
  static override strict = false;
  static override args = {
    plugin: Args.string({name: 'NAME', description: 'full or short name; one or more', required: true}),
  };

  async run(): Promise<void> {
    const {argv} = await this.parse(PluginsInspect);
    const plugins = installedPlugins(this.config);
    const wanted = (argv as string[]).map((name) => find(plugins, name));
    const registry = await this.openRegistry();
    const paint = styleFor(process.stdout);
    for (const plugin of wanted) {
      const parts = await Promise.all(
        plugin.parts.map(async ({kind, name}) =>
          registry.describe(kind, name).then(
            ({summary}) => ({kind, name, summary}),
            (error: Error) => ({kind, name, error: error.message}),
          ),
        ),
      );
      this.json({...plugin, parts});
      this.result(
        `${paint('cyan', plugin.name)} ${plugin.version}\n  ${plugin.type === 'link' ? 'linked' : 'installed'}  ${plugin.root}`,
      );
      for (const part of parts)
        this.result(`  ${part.kind} ${part.name}  ${'error' in part ? paint('red', part.error) : part.summary}`);
      for (const command of plugin.commands) this.result(`  command ${command}`);
      for (const problem of plugin.problems) this.result(`  ${paint('red', problem)}`);
    }
  }
}

/** @throws GanError GAN_PLUGIN_NOT_FOUND (exit 2) */
function find(plugins: readonly InstalledPlugin[], wanted: string): InstalledPlugin {
  const found = plugins.find(({name}) => isCalled(name, wanted));
  if (found !== undefined) return found;
  throw pluginNotFound(
    plugins.map(({name}) => name),
    wanted,
  );
}
