import {Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';

export default class ConfigSchema extends BaseCommand {
  static override summary = 'Write the JSON Schema of configuration files, for editors.';
  static override description =
    'The schema contains the parts of this installation, plug-ins included, with their options. A schema without plug-ins is part of gan: node_modules/gankit/dist/gan.schema.json. In JSON, write "$schema": "./gan.schema.json"; in YAML, make this the first line: # yaml-language-server: $schema=./gan.schema.json';
  static override examples = [
    {description: 'Next to the configuration', command: '<%= config.bin %> config schema --out gan.schema.json'},
    {description: 'Print it', command: '<%= config.bin %> config schema'},
  ];
  static override flags = {
    out: Flags.string({description: 'file to write (default: stdout)', helpValue: 'FILE'}),
  };

  async run(): Promise<void> {
    const {flags} = await this.parse(ConfigSchema);
    const registry = await this.openRegistry();
    const {configSchema} = await import('../../config/json-schema.js');
    const schema = await configSchema(registry);
    if (flags.out === undefined) {
      this.result(JSON.stringify(schema, null, 2));
      this.json(schema);
      return;
    }
    const {writeFileAtomic} = await import('../../gan/io/atomic-write.js');
    await writeFileAtomic(flags.out, `${JSON.stringify(schema, null, 2)}\n`);
    this.result(flags.out);
    this.json({file: flags.out});
  }
}
