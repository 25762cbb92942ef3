import {existsSync} from 'node:fs';
import path from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {GanError} from '../../errors.js';

export default class ConfigTrust extends BaseCommand {
  static override summary = 'Let a configuration file that is code run without being named.';
  static override description =
    'gan.config.js and its like are code. By themselves only those of the working folder, its project and your home folder run, and only if nobody else can write them. This command notes the file and what it holds now: once it changes, it has to be trusted again. What it imports is not looked at.';
  static override examples = [
    {description: 'A file of a folder above this one', command: '<%= config.bin %> config trust ../gan.config.ts'},
    {description: 'No longer', command: '<%= config.bin %> config trust ../gan.config.ts --revoke'},
  ];
  static override args = {
    file: Args.string({description: 'configuration file in JavaScript or TypeScript', required: true}),
  };
  static override flags = {
    revoke: Flags.boolean({description: 'no longer trust the file'}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ConfigTrust);
    const {fingerprintOf, isScript, trustedFiles, trustFile} = await import('../../config/trust.js');
    const {writeFileAtomic} = await import('../../gan/io/atomic-write.js');
    const {mkdir} = await import('node:fs/promises');
    const userFolder = this.config.configDir;
    const {[path.resolve(args.file)]: _, ...others} = trustedFiles(userFolder);
    const save = async (trusted: Record<string, string>): Promise<void> => {
      await mkdir(userFolder, {recursive: true});
      await writeFileAtomic(trustFile(userFolder), `${JSON.stringify(trusted, null, 2)}\n`);
    };
    if (flags.revoke && !existsSync(args.file)) {
      await save(others);
      this.json({path: path.resolve(args.file), trusted: false});
      return this.result(`${path.resolve(args.file)} is no longer trusted.`);
    }
    if (!existsSync(args.file))
      throw new GanError('config', 'GAN_CONFIG_NOT_FOUND', `The configuration file ${args.file} does not exist.`);
    if (!isScript(args.file))
      throw new GanError('usage', 'GAN_USAGE', `${args.file} is no code, and needs no trust.`, {
        suggestions: ['Files that end with .js, .mjs, .cjs or .ts are code.'],
      });
    const {path: file, sha256} = fingerprintOf(args.file);
    const {[file]: __, ...rest} = others;
    await save(flags.revoke ? rest : {...rest, [file]: sha256});
    this.json({path: file, trusted: !flags.revoke, ...(!flags.revoke && {sha256})});
    this.result(`${file} is ${flags.revoke ? 'no longer' : 'now'} trusted${flags.revoke ? '' : ', as it is now'}.`);
  }
}
