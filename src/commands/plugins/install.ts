import path from 'node:path';
import {Args, Flags, Plugin} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {npmSettings, scriptsFlag, verboseFlag} from '../../cli/plugins/npm-flags.js';
import {installPackage, packagesWithScripts} from '../../cli/plugins/npm-plugins.js';
import {PluginFolder, type NotedPlugin} from '../../cli/plugins/plugin-folder.js';
import {assertPlugin, packageIn, packageSpec, writeManifest} from '../../cli/plugins/plugin-packages.js';
import {removePlugin} from '../../cli/plugins/remove-plugin.js';
import {GanError} from '../../errors.js';

export default class PluginsInstall extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Install plug-ins.';
  static override description =
    'NAME is a package (gan-plugin-foo, @me/gan-plugin-foo) or its short form (foo, @me/foo), optionally with a version (foo@1.2.0). It can also be a folder, a .tgz file or the address of a git repository. A plug-in that does not fit this version of gan is removed again. Plug-ins are installed by npm. Their install scripts, and those of the packages that they need, run with --allow-scripts only. Variables: GAN_NPM_REGISTRY, GAN_NPM_LOG_LEVEL.';
  static override examples = [
    {description: 'gan-plugin-foo from the npm registry', command: '<%= config.bin %> plugins install foo'},
    {
      description: 'A packed plug-in, and a folder',
      command: '<%= config.bin %> plugins install ./gan-plugin-foo-1.0.0.tgz ../gan-plugin-bar',
    },
    {
      description: 'From GitHub',
      command: '<%= config.bin %> plugins install https://github.com/someone/gan-plugin-foo',
    },
  ];
  static override aliases = ['plugins:add'];
  static override strict = false;
  static override args = {
    plugin: Args.string({
      name: 'NAME',
      description: 'package, folder, .tgz file or git address; one or more',
      required: true,
    }),
  };
  static override flags = {
    force: Flags.boolean({char: 'f', description: 'install again even if it is already installed'}),
    'allow-scripts': scriptsFlag(),
    verbose: verboseFlag(),
  };

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(PluginsInstall);
    const settings = {...npmSettings(this.config, flags), force: flags.force};
    const folder = new PluginFolder(this.config.dataDir);
    for (const wanted of argv as string[]) {
      const spec = await packageSpec(this.config, wanted);
      this.talk(`Installing ${spec} ...`);
      const had = new Set(packagesWithScripts(folder));
      const noted = await installPackage(folder, spec, settings);
      const {plugin, parts} = await this.#check(folder, noted);
      await folder.add(noted);
      writeManifest(plugin);
      this.json({name: plugin.name, version: plugin.version, parts});
      this.result(
        `${plugin.name} ${plugin.version}: ${parts.map(({kind, name}) => `${kind} ${name}`).join(', ') || 'commands'}`,
      );
      const silenced = flags['allow-scripts'] ? [] : packagesWithScripts(folder).filter((name) => !had.has(name));
      if (silenced.length > 0)
        this.talk(
          `Install scripts did not run: ${silenced.join(', ')}. If the plug-in needs them: gan plugins uninstall ${plugin.name}, then gan plugins install ${wanted} --allow-scripts`,
        );
    }
  }

  /** The package that has just been installed, and its parts; it is taken away when it does not fit. */
  async #check(folder: PluginFolder, noted: NotedPlugin) {
    const root = path.join(folder.path, 'node_modules', noted.name);
    try {
      const {pjson} = packageIn(root);
      assertPlugin(noted.name, pjson);
      const plugin = new Plugin({name: noted.name, root, type: 'link'}); // a link's root is not looked for
      await plugin.load();
      return {plugin, parts: await this.#parts(plugin)};
    } catch (error) {
      await removePlugin(folder, noted);
      throw error;
    }
  }

  async #parts({name, root, pjson, commands: own}: Plugin) {
    const {openRegistry} = await import('../../plugin/discover.js');
    const {kindNames} = await import('../../options/kinds.js');
    const registry = openRegistry([{name, root, pjson}]);
    const parts = kindNames.flatMap((kind) => registry.list(kind)).filter((part) => part.package === name);
    const faults = registry.problems.filter((problem) => problem.package === name).map(({reason}) => reason);
    if (faults.length === 0 && parts.length + own.length === 0)
      faults.push('it brings no parts and no commands, so it is no plug-in of gan');
    if (faults.length > 0)
      throw new GanError('config', 'GAN_PLUGIN_REFUSED', `${name} was not kept: ${faults.join('; ')}.`, {
        suggestions: [`Find a version of ${name} that fits: npm view ${name} versions`],
      });
    for (const {kind, name: part, packages} of registry.clashes)
      this.warning(`${packages.join(' and ')} both have a ${kind} '${part}'; write ${name}:${part} to use this one`);
    return parts.map(({kind, name: part}) => ({kind, name: part}));
  }
}
