import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {assignmentsOf, configFlags} from '../../cli/flags/config-flags.js';
import {configRows} from '../../cli/config/config-report.js';
import {styleFor} from '../../cli/text/style.js';
import {table} from '../../cli/text/format.js';

export default class ConfigShow extends BaseCommand {
  static override summary = 'Show the configuration that `gan fit` would use here.';
  static override description =
    'Takes the flags of `gan fit`. Shows every value, options of parts included, under its name in --set. With --origin, it also shows where each value comes from: a flag, a variable, a file, a recipe or a default.';
  static override examples = [
    {description: 'Which values would a run use here, and why?', command: '<%= config.bin %> config show --origin'},
    {description: 'What does a recipe set?', command: '<%= config.bin %> config show --recipe dcgan --origin'},
    {description: 'As JSON, with origins', command: '<%= config.bin %> config show --json'},
  ];
  static override args = {
    data: Args.string({description: 'folder or archive of images, or builtin:NAME'}),
  };
  static override flags = {
    origin: Flags.boolean({description: 'show where each value comes from'}),
    config: Flags.string({char: 'c', description: 'configuration file', helpValue: 'FILE'}),
    set: Flags.string({
      description: 'any configuration value; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...configFlags(),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ConfigShow);
    const registry = await this.openRegistry();
    const {resolveConfig} = await import('../../config/resolve.js');
    const chosen = assignmentsOf(flags);
    if (args.data !== undefined) chosen.set('data', {value: args.data, origin: 'DATA', blame: 'usage'});
    const resolved = await resolveConfig({
      registry,
      ...this.configSources,
      flags: chosen,
      set: flags.set ?? [],
      withoutData: true,
      ...(flags.config !== undefined && {file: flags.config}),
    });
    const rows = configRows(resolved);
    const {config, backend, files} = resolved;
    this.json({config, backend, files, values: rows});
    const paint = styleFor(process.stdout);
    const [, ...lines] = table(
      ['', '', ''],
      rows.map(({key, value, origin}) => [key, String(value), ...(flags.origin ? [origin] : [])]),
    );
    for (const line of lines) this.result(line);
    if (!flags.origin) this.talk(paint('dim', '\nWhere each value is from: gan config show --origin'));
  }
}
