import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {partOptions} from '../cli/flags/part-options.js';
import {runFlags} from '../cli/flags/run-flags.js';
import {runHelp} from '../cli/run/run-help.js';
import {runOptions, withRun} from '../cli/run/use-run.js';
import type {Pushed} from '../cli/hub/push.js';

export default class Push extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Send a trained run to the Hugging Face hub.';
  static override description =
    'Makes the repository where it is missing and sends a folder of gan export --format hub, or of a run what such an export would write. The token is that of the hub\'s own programs: HF_TOKEN, or what "hf auth login" stored. It needs the package @huggingface/hub. docs/exports.md explains it.';
  static override examples = [
    {
      description: 'A private repository of the newest run',
      command: '<%= config.bin %> push latest me/emoji --private --license cc-by-4.0',
    },
    {
      description: 'A folder that was looked at before',
      command:
        '<%= config.bin %> export runs/wgan-shapes-1 --format hub --out shapes && <%= config.bin %> push shapes me/shapes',
    },
    {
      description: 'Another hub',
      command: '<%= config.bin %> push shapes me/shapes --endpoint https://hub.example.org',
    },
  ];
  static override args = {
    run: Args.string({description: `a folder of gan export --format hub, or a run: ${runHelp}`, required: true}),
    repository: Args.string({name: 'OWNER/NAME', description: 'repository on the hub', required: true}),
  };
  static override flags = {
    private: Flags.boolean({description: 'a new repository is private; a public one is refused'}),
    message: Flags.string({char: 'm', description: "the commit's message", helpValue: 'TEXT'}),
    endpoint: Flags.string({
      description: 'address of the hub (default: HF_ENDPOINT, or https://huggingface.co)',
      helpValue: 'URL',
    }),
    timeout: Flags.integer({
      description: 'seconds to wait for an answer of the hub; longer while much is sent',
      default: 60,
      min: 1,
      helpValue: 'SECONDS',
    }),
    license: Flags.string({description: 'of a run: licence in the model card (default: unknown)', helpValue: 'NAME'}),
    title: Flags.string({
      description: "of a run: title of the model card (default: the run's name)",
      helpValue: 'TEXT',
    }),
    dtype: Flags.option({
      options: ['float32', 'float16'] as const,
      description: 'of a run: type of the weights (default: float32)',
    })(),
    ...runFlags,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Push);
    const [{hubAddress, repositoryName}, {hubToken}, {pushFolder}] = await Promise.all([
      import('../cli/hub/address.js'),
      import('../cli/hub/token.js'),
      import('../cli/hub/push.js'),
    ]);
    const request = {
      repository: repositoryName(args.repository),
      hub: hubAddress(flags.endpoint),
      token: await hubToken(),
      private: flags.private,
      timeout: flags.timeout,
      notify: (text: string) => this.talk(text),
    };
    const dir = await this.runNamed(args.run);
    const send = (folder: string): Promise<Pushed> =>
      pushFolder(folder, {...request, message: flags.message ?? `Send ${path.basename(path.resolve(dir))}`});
    const {url, commit, isNew, files} = await this.#withFolder(dir, flags, send);
    this.json({repository: request.repository, url, commit, isNew, files});
    this.result(url);
  }

  /** Calls `use` with the exported folder: as it is given, or made of a run for the time of the call. */
  async #withFolder<T>(
    dir: string,
    flags: {[key: string]: unknown} & Parameters<typeof runOptions>[2],
    use: (folder: string) => Promise<T>,
  ): Promise<T> {
    const [{isExported}, {GanError}] = await Promise.all([import('../runs/exported-model.js'), import('../errors.js')]);
    const chosen = ['license', 'title', 'dtype', 'checkpoint', 'weights'].filter((flag) => flags[flag] !== undefined);
    if (await isExported(dir)) {
      if (chosen.length === 0) return use(dir);
      throw new GanError('usage', 'GAN_USAGE', `--${chosen[0]} is for runs, and ${dir} is exported already.`, {
        suggestions: [`Leave it out, or give gan export --format hub the same flag.`],
      });
    }
    const registry = await this.openRegistry();
    const options = partOptions([], 'format');
    for (const option of ['license', 'title', 'dtype'])
      if (flags[option] !== undefined)
        options.set(option, {value: flags[option], origin: `--${option}`, blame: 'usage'});
    const exporter = await registry.create('exporter', 'hub', options, 'gan push');
    const temporary = await mkdtemp(path.join(tmpdir(), 'gan-push-'));
    try {
      const out = path.join(temporary, path.basename(path.resolve(dir)));
      await withRun(dir, runOptions(registry, this.configSources, flags), (run) => run.export(exporter, out));
      return await use(out);
    } finally {
      await rm(temporary, {recursive: true, force: true});
    }
  }
}
