import {existsSync} from 'node:fs';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {assignmentsOf, configFlags} from '../cli/flags/config-flags.js';
import {assertTerminal} from '../cli/config/prompts.js';
import {exitCodes, GanError} from '../errors.js';
import {configKeys} from '../options/config-keys.js';
import type {Assignments} from '../config/assignments.js';
import type {CommentedFormat} from '../config/commented.js';
import type {Registry} from '../plugin/registry.js';

const formats: CommentedFormat[] = ['yaml', 'ts', 'mjs'];

export default class Init extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Write a configuration file for this project in which every key is explained.';
  static override description =
    'Asks for the images, the recipe and a few numbers, except for those given as flags. The file shows keys that are not set as comments with their defaults. With --yes, it asks nothing.';
  static override examples = [
    {description: 'By answering questions', command: '<%= config.bin %> init'},
    {description: 'Without questions', command: '<%= config.bin %> init photos --recipe dcgan --size 32 --yes'},
    {description: 'In TypeScript, which checks it', command: '<%= config.bin %> init --format ts'},
  ];
  static override args = {
    data: Args.string({description: 'folder or archive of images, or builtin:NAME'}),
  };
  static override flags = {
    yes: Flags.boolean({char: 'y', description: 'ask nothing; use defaults for values that are not given'}),
    format: Flags.option({
      options: formats,
      description: 'yaml, TypeScript or JavaScript',
      helpValue: formats.join('|'),
    })(),
    force: Flags.boolean({description: 'overwrite an existing file'}),
    ...configFlags(),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Init);
    const given = assignmentsOf(flags);
    if (args.data !== undefined) given.set('data', {value: args.data, origin: 'DATA', blame: 'usage'});
    if (!flags.force) await assertFree();
    const registry = await this.openRegistry();
    await this.#resolve(registry, given); // faults of flags, before the first question
    const answers = await this.#answers(registry, given, flags);
    if (answers === undefined) {
      this.talk('Nothing was written.');
      process.exitCode = exitCodes.sigint;
      return;
    }
    const {chosen, format} = answers;
    const [file, resolved] = [`gan.config.${format}`, await this.#resolve(registry, chosen)];
    await assertFree(file);
    const [{commentedConfig}, {writeFileAtomic}] = await Promise.all([
      import('../config/commented.js'),
      import('../gan/io/atomic-write.js'),
    ]);
    const schema = 'node_modules/gankit/dist/gan.schema.json';
    await writeFileAtomic(
      file,
      commentedConfig({
        format,
        chosen,
        resolved,
        names: (kind) => registry.names(kind),
        ...(existsSync(schema) && {schema: `./${schema}`}),
      }),
    );
    this.json({file, config: resolved.config});
    this.result(file);
    this.talk('\nTo train with it:\n  gan fit');
  }

  async #answers(
    registry: Registry,
    given: Assignments,
    {yes, format}: {yes: boolean; format: CommentedFormat | undefined},
  ): Promise<{chosen: Assignments; format: CommentedFormat} | undefined> {
    if (yes) {
      const {config} = await this.#resolve(registry, given);
      const origin = 'gan init';
      return {
        chosen: new Map([
          ['data', {value: config.data, origin}],
          ['recipe', {value: configKeys.recipe.default, origin}],
          ...given,
        ]),
        format: format ?? 'yaml',
      };
    }
    assertTerminal('--yes');
    const {askConfig} = await import('../cli/config/ask-config.js');
    const presets = async (recipe: string) => ({
      ...(await this.#resolve(registry, new Map([...given, ['recipe', {value: recipe, origin: 'the answer'}]]))).config,
    });
    return askConfig(registry, {chosen: given, format}, presets, {input: process.stdin, output: process.stderr});
  }

  async #resolve(registry: Registry, chosen: Assignments) {
    const {resolveConfig} = await import('../config/resolve.js');
    return resolveConfig({registry, ignoreFiles: true, flags: chosen});
  }
}

/** A project has one configuration, which may be written over if asked for. @throws GanError GAN_OUT_EXISTS (exit 2) */
async function assertFree(but?: string): Promise<void> {
  const {filesIn} = await import('../config/files.js');
  const [found] = filesIn('.').filter((name) => name !== but);
  if (found === undefined) return;
  throw new GanError('usage', 'GAN_OUT_EXISTS', `This project already has a configuration: ${found}.`, {
    suggestions: [
      'gan config show --origin   shows its values',
      but === undefined
        ? 'gan init --force   overwrites it'
        : 'Remove it first. Otherwise gan would use it instead of the new file.',
    ],
  });
}
