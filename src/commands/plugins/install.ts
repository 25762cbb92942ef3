import {Args, Flags, type Plugin} from '@oclif/core';
import {commands} from '@oclif/plugin-plugins';
import {BaseCommand} from '../../cli/command/base-command.js';
import {forNpm, packageSpec, writeManifest} from '../../cli/plugins/plugin-packages.js';
import {GanError} from '../../errors.js';

/**
 * oclif's `plugins install`, with the names that plug-ins of gan go by, files and folders, and a look at what was
 * installed.
 */
export default class PluginsInstall extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Install plug-ins.';
  static override description =
    'NAME is a package (gan-plugin-foo, @me/gan-plugin-foo) or its short form (foo, @me/foo), optionally with a version (foo@1.2.0). It can also be a folder, a .tgz file or the address of a git repository. A plug-in that does not fit this version of gan is removed again. Variables: GAN_NPM_REGISTRY, GAN_NPM_LOG_LEVEL.';
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
    verbose: Flags.boolean({char: 'v', description: 'show the output of npm'}),
  };

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(PluginsInstall);
    forNpm();
    for (const wanted of argv as string[]) {
      const spec = await packageSpec(this.config, wanted);
      const before = new Set(this.config.plugins.values());
      await this.#install(spec, [...(flags.force ? ['--force'] : []), flags.verbose ? '--verbose' : '--silent']);
      const installed = [...this.config.plugins.values()].find((plugin) => !before.has(plugin));
      if (installed === undefined) continue; // oclif said why
      const parts = await this.#check(installed);
      writeManifest(installed as Plugin);
      this.json({name: installed.name, version: installed.version, parts});
      this.result(
        `${installed.name} ${installed.version}: ${parts.map(({kind, name}) => `${kind} ${name}`).join(', ') || 'commands'}`,
      );
    }
  }

  async #install(spec: string, flags: string[]): Promise<void> {
    try {
      // the static run would load another Config
      await new commands['plugins:install']([spec, ...flags], this.config).run();
    } catch (error) {
      const {message} = error as Error;
      throw new GanError(
        'config',
        'GAN_PLUGIN_INSTALL',
        `${spec} cannot be installed: ${message === 'plugin is invalid' ? 'its package.json has no "oclif": {}' : message}`,
        {
          cause: error,
          suggestions:
            message === 'plugin is invalid'
              ? ['Tell its author: gan needs this line to accept the package.']
              : ['gan plugins install --verbose   shows the output of npm'],
        },
      );
    }
  }

  /** The parts of a package that has just been installed; it is taken away when it does not fit. */
  async #check({
    name,
    root,
    pjson,
    commands: own,
  }: {
    name: string;
    root: string;
    pjson: object;
    commands: readonly object[];
  }) {
    const {openRegistry} = await import('../../plugin/discover.js');
    const {kindNames} = await import('../../options/kinds.js');
    const registry = openRegistry([{name, root, pjson}]);
    const parts = kindNames.flatMap((kind) => registry.list(kind)).filter((part) => part.package === name);
    const faults = registry.problems.filter((problem) => problem.package === name).map(({reason}) => reason);
    if (faults.length === 0 && parts.length + own.length === 0)
      faults.push('it brings no parts and no commands, so it is no plug-in of gan');
    if (faults.length > 0) {
      await new commands['plugins:uninstall']([name], this.config).run();
      throw new GanError('config', 'GAN_PLUGIN_REFUSED', `${name} was not kept: ${faults.join('; ')}.`, {
        suggestions: [`Find a version of ${name} that fits: npm view ${name} versions`],
      });
    }
    for (const {kind, name: part, packages} of registry.clashes)
      this.warning(`${packages.join(' and ')} both have a ${kind} '${part}'; write ${name}:${part} to use this one`);
    return parts.map(({kind, name: part}) => ({kind, name: part}));
  }
}
