import {BaseCommand} from '../../cli/command/base-command.js';
import {brings, installedPlugins} from '../../cli/plugins/installed-plugins.js';
import {styleFor} from '../../cli/text/style.js';

export default class Plugins extends BaseCommand {
  static override summary = 'List installed and linked plug-ins and their parts.';
  static override description = 'A plug-in that cannot be used is shown with the reason.';
  static override examples = [
    {description: 'What is installed?', command: '<%= config.bin %> plugins'},
    {description: 'The same as JSON', command: '<%= config.bin %> plugins list --json'},
  ];
  static override aliases = ['plugins:list'];

  async run(): Promise<void> {
    await this.parse(Plugins);
    const paint = styleFor(process.stdout);
    const plugins = installedPlugins(this.config);
    for (const plugin of plugins) {
      const {name, version, type, root, problems} = plugin;
      this.json(plugin);
      this.result(
        `${paint('cyan', name)} ${version}${type === 'link' ? ` ${paint('dim', `-> ${root}`)}` : ''}: ${brings(plugin)}`,
      );
      for (const problem of problems) this.result(`  ${paint('red', problem)}`);
    }
    if (plugins.length === 0)
      this.talk(
        'No plug-in is installed. To install one: gan plugins install NAME; to write one: gan plugins create NAME --provides KINDS',
      );
  }
}
