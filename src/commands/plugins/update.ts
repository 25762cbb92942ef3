import type {Plugin} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {loadConfig} from '../../cli/config/load-config.js';
import {brings, installedPlugins} from '../../cli/plugins/installed-plugins.js';
import {updatePackages} from '../../cli/plugins/npm-plugins.js';
import {npmSettings, scriptsFlag, verboseFlag} from '../../cli/plugins/npm-flags.js';
import {PluginFolder} from '../../cli/plugins/plugin-folder.js';
import {writeManifest} from '../../cli/plugins/plugin-packages.js';

export default class PluginsUpdate extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Update the plug-ins that were installed from a registry or a repository.';
  static override description =
    'A plug-in whose new version does not fit this version of gan is named, and not used until a version fits. Linked plug-ins are not changed.';
  static override examples = [{description: 'All of them', command: '<%= config.bin %> plugins update'}];
  static override flags = {'allow-scripts': scriptsFlag(), verbose: verboseFlag()};

  async run(): Promise<void> {
    const {flags} = await this.parse(PluginsUpdate);
    const before = new Map(installedPlugins(this.config).map(({name, version}) => [name, version]));
    const folder = new PluginFolder(this.config.dataDir);
    const installed = folder.list().filter(({type}) => type === 'user');
    await updatePackages(folder, installed, npmSettings(this.config, flags));
    const fresh = await loadConfig(this.config.root);
    for (const plugin of installedPlugins(fresh).filter(({type}) => type === 'user')) {
      const {name, version, problems} = plugin;
      const loaded = fresh.plugins.get(name);
      if (loaded) writeManifest(loaded as Plugin);
      this.json({...plugin, before: before.get(name) ?? ''});
      this.result(
        `${name} ${before.get(name) === version ? version : `${before.get(name) ?? ''} -> ${version}`}: ${brings(plugin)}`,
      );
      for (const problem of problems) this.warning(`${name} is not used: ${problem}`);
    }
  }
}
