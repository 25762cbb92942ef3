import path from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {assignmentsOf, configFlags} from '../cli/flags/config-flags.js';
import {deviceFlag, deviceOf} from '../cli/flags/device-flag.js';
import {selectorOf} from '../cli/flags/run-flags.js';
import {FitReport} from '../cli/training/fit-report.js';
import {choosePictures, parsePictures} from '../cli/pictures/sample-pictures.js';
import {planRun} from '../cli/training/plan-run.js';
import {openRunPage, type RunPage} from '../cli/training/run-page.js';
import {sameRun, type SameRun} from '../cli/training/same-run.js';
import {shortTraining} from '../cli/training/short-training.js';
import {confirm} from '../cli/config/prompts.js';
import {fromElsewhere} from '../cli/config/config-report.js';
import {listenForStop} from '../cli/command/signals.js';
import {launchedRanks, startedApart} from '../cli/ranks/launched.js';
import {notTogether, processorsOfRanks, wrongRanks} from '../cli/ranks/wrong-ranks.js';
import {dataOf} from '../cli/training/moved-data.js';
import {exitCodes} from '../errors.js';
import type {OpenTraining} from '../runs/retry.js';
import type {Ranks} from '../runs/ranks/ranks.js';
import type {RunLock} from '../runs/run-lock.js';

/** Milliseconds after which it is told that other ranks have not begun: a machine may have to load much. */
const lateMs = 30_000;

export default class Fit extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Train a generator and a critic on a folder of images.';
  static override description =
    "Values come from the flags, then --set, the environment (GAN_LR, ...), the project's configuration file, the user's, the recipe, the defaults; `gan config show --origin` tells. The run folder gets the resolved configuration, metrics.jsonl, sample grids and checkpoints. Ctrl-C finishes the step and writes a checkpoint; a second Ctrl-C ends at once.";
  static override examples = [
    {
      description: 'Train on your own images for a quarter of an hour, and watch it in the browser',
      command: '<%= config.bin %> fit photos --minutes 15 --ui',
    },
    {
      description: 'Train on built-in images, which need no download',
      command: '<%= config.bin %> fit builtin:emoji --size 32 --steps 4000',
    },
    {
      description: 'Go on with the newest run, for more epochs',
      command: '<%= config.bin %> fit --resume latest --epochs 40',
    },
    {
      description: 'Go on with a run whose images have moved',
      command: '<%= config.bin %> fit --resume latest --data /new/place/photos.zip',
    },
    {
      description: "Train with fastai's WGAN recipe",
      command: '<%= config.bin %> fit photos --recipe wgan --epochs 20',
    },
    {
      description: 'Go back to the best checkpoint, and go on from it with other random numbers and a lower rate',
      command: '<%= config.bin %> fit --resume runs/wgan-photos-1 --from best --attempt 1 --lr 0.00002',
    },
    {
      description: 'Stop when the images do not get better for 5 epochs, and keep the best',
      command:
        '<%= config.bin %> fit photos --epochs 500 --metrics swd --keep-best swd --stop-when plateau,collapse --patience 5',
    },
    {description: 'Repeat a run exactly', command: '<%= config.bin %> fit --config runs/wgan-photos-1/config.json'},
    {
      description: 'Set an option of a part that has no flag of its own',
      command: '<%= config.bin %> fit photos --arch gan-critic --set arch.p=0.1',
    },
  ];
  static override args = {
    data: Args.string({
      description:
        'folder of images, subfolders included, an archive, one image, or builtin:NAME (default: builtin:shapes)',
    }),
  };
  static override flags = {
    out: Flags.string({char: 'o', description: 'run folder (default: runs/RECIPE-DATA-N)', helpValue: 'DIR'}),
    resume: Flags.string({
      description:
        'resume from the last checkpoint of this run: its folder, its name in runs/ or a part of it, or latest',
      helpValue: 'RUN',
    }),
    data: Flags.string({
      description: 'with --resume: where the images of the run are now; refused when they are others',
      helpValue: 'DATA',
    }),
    ui: Flags.boolean({description: 'show the run on the page of gan ui while it trains'}),
    from: Flags.string({
      description:
        'with --resume: go on from this checkpoint, a step or best, in place of the last; later checkpoints are deleted',
      helpValue: 'STEP|best',
      aliases: ['checkpoint'],
      dependsOn: ['resume'],
    }),
    'accept-changes': Flags.boolean({
      description:
        'with --resume: go on although the data or settings changed since the checkpoint; the run then cannot be repeated',
      dependsOn: ['resume'],
    }),
    config: Flags.string({
      char: 'c',
      description: 'configuration file (default: gan.config.*, .ganrc* or package.json of the project)',
      helpValue: 'FILE',
    }),
    set: Flags.string({
      description: 'any configuration value, options of parts included; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    pictures: Flags.string({
      description: 'how the terminal shows sample grids: auto (asks the terminal), none, kitty, iterm2 or sixel',
      default: 'auto',
      env: 'GAN_PICTURES',
      helpValue: 'HOW',
      exclusive: ['no-pictures'],
    }),
    'no-pictures': Flags.boolean({description: 'show no sample grids in the terminal'}),
    ranks: Flags.integer({
      description: 'train in so many processes at once, which mpirun starts (docs/clusters.md)',
      helpValue: 'N',
      min: 1,
    }),
    ...configFlags(),
    device: deviceFlag,
  };

  #ranks: Ranks | undefined;

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Fit);
    this.#assertRanks(flags.ranks);
    const {out, config: file, set} = flags;
    const launched = launchedRanks(process.env);
    if ((flags.ranks ?? 1) > 1 && !launched) {
      const {launchRanks} = await import('../cli/ranks/launch.js');
      (await import('../runs/ranks/ranks.js')).silenceIn(process.env);
      const script = path.join(this.config.root, 'bin', 'run.js');
      process.exitCode = await launchRanks(flags.ranks!, script, ['fit', ...this.argv]);
      return;
    }
    const registry = await this.openRegistry({quiet: (launched?.rank ?? 0) > 0});
    const deviceName = deviceOf(flags);
    if (launched) {
      const talk = (): void => this.talk('Not all ranks have begun yet: waiting for them.');
      const waiting = launched.rank === 0 ? setTimeout(talk, lateMs).unref() : undefined;
      this.#ranks = await (await import('../runs/ranks/ranks.js')).Ranks.begin(launched, registry);
      clearTimeout(waiting);
      if (!this.#ranks.isFirst) {
        const {followFirst} = await import('../cli/ranks/take-part.js');
        process.exitCode = await followFirst(this.#ranks, registry, deviceName);
        return;
      }
    }
    const ranks = this.#ranks;
    let resume = flags.resume === undefined ? undefined : await this.runNamed(flags.resume);
    const from = selectorOf(flags.from, '--from');
    const data = dataOf({argument: args.data, moved: flags.data, resume, argv: this.argv});
    const request = {
      registry,
      ...this.configSources,
      flags: assignmentsOf(flags),
      set: set ?? [],
      ...(file !== undefined && {file}),
    };
    let plan = await planRun({...request, data, out, resume, deviceName});
    const [json, quiet] = [this.asksFor('--json'), this.asksFor('--quiet')];
    const same = plan.stem === undefined || json || quiet ? undefined : await sameRun(plan, plan.stem);
    if (same && (await this.#goesOn(same))) {
      resume = same.dir;
      const sources = {registry, ...this.configSources};
      plan = await planRun({...sources, flags: same.more, data: undefined, out: undefined, resume, deviceName});
    }
    const pictures = parsePictures(flags['no-pictures'] ? 'none' : flags.pictures);
    const shown = json || quiet ? undefined : await choosePictures(pictures, process.stderr);
    const report = new FitReport({stdout: process.stdout, stderr: process.stderr, json, quiet, pictures: shown});
    for (const line of fromElsewhere(plan, resume)) this.talk(line);
    let lock: RunLock | undefined;
    let page: RunPage | undefined;
    const stop = listenForStop((name) =>
      report.say(`${name}: finishing the step and writing a checkpoint; once more ends at once.`),
    );
    try {
      const [{openTraining}, {fitWithRetries}, environment] = await Promise.all([
        import('../runs/open-training.js'),
        import('../runs/retry.js'),
        import('../bench/environment.js').then((each) => each.environment()),
      ]);
      const {config: wanted, backend, auto, origins} = plan;
      const held = (lock = await plan.claim());
      const {dir} = held;
      if (flags.ui) page = await openRunPage(dir, path.join(this.config.root, 'bin', 'run.js'));
      this.talk(page ? `Watch it at ${page.url}` : 'To watch it, in another terminal: gan ui');
      if (plan.whyRecipe !== undefined)
        this.talk(`Recipe ${plan.recipe} (${plan.whyRecipe}); --recipe NAME takes another.`);
      if (wanted.minutes !== undefined && wanted.steps === undefined)
        this.talk(`Timing the device, to plan for ${wanted.minutes} minutes...`);
      const open: OpenTraining = async (config, checkpoint) => {
        const training = await openTraining(config, {
          registry,
          backend,
          autoBatchSize: auto.includes('batchSize') && config === wanted, // a retry has the size that was found
          ...(deviceName && {deviceName}),
          ...checkpoint,
          ...(ranks && {ranks}),
          lock: held,
          acceptChanges: flags['accept-changes'],
          cacheFolder: this.config.cacheDir,
          warn: (message) => report.notify({type: 'warning', message}),
        });
        const {device, refused} = training;
        const passedOver = refused.map(({name, why}) => `; not ${name}: ${why}`).join('');
        const together = ranks ? `, ${ranks.description}` : '';
        this.talk(`Training in ${dir} on ${device.name}${together}${passedOver}`);
        const {description} = training.dls;
        if (description !== undefined) this.talk(`Data: ${description}`);
        const isChosen = (key: string): boolean =>
          resume !== undefined || !/^(default$|recipe )/.test(origins[key] ?? 'default');
        const {imageLines} = await import('../cli/training/image-lines.js');
        for (const line of await imageLines(training.config, training.dls, isChosen)) this.talk(line);
        const short = json || quiet ? undefined : shortTraining(training.config, training.steps);
        if (short !== undefined) report.warn(short);
        if (training.config.batchSize !== config.batchSize) {
          const {batchSize} = training.config;
          const each = ranks ? `, ${batchSize / ranks.collective.size} for each rank` : '';
          this.talk(`Batch size: ${batchSize}${each}, the largest power of two that was tried and fits`);
        }
        return training;
      };
      const result = await fitWithRetries(open, plan.config, dir, {
        lock: held,
        from: {...(resume !== undefined && {resume}), ...(from !== undefined && {from})},
        signal: stop.signal,
        notify: report.notify,
        origins,
        environment,
      });
      await report.settle();
      report.end(dir, result);
      if (stop.fault) throw stop.fault.error;
      if (result.interrupted) process.exitCode = stop.exitCode ?? result.stopCode;
      if (result.stopped?.by === 'diverged') process.exitCode = exitCodes.diverged;
      await ranks?.end(Number(process.exitCode ?? 0));
    } finally {
      page?.close();
      lock?.release();
      stop.dispose();
    }
  }

  /** @throws GanError GAN_RANKS (exit 2), of several ranks in the first one */
  #assertRanks(given: number | undefined): void {
    const launched = launchedRanks(process.env);
    const apart = startedApart(process.env);
    const fault = apart ? notTogether(apart) : wrongRanks(given, launched, processorsOfRanks());
    const {rank} = launched ?? apart ?? {rank: 0};
    if (fault && rank > 0) this.exit(fault.exitCode);
    if (fault) throw fault;
  }

  protected override async catch(error: Error): Promise<void> {
    const report = (): Promise<void> => super.catch(error);
    if (this.#ranks) return (await import('../cli/ranks/take-part.js')).endAll(this.#ranks, error, report);
    const isOfAll = 'oclif' in error || ('code' in error && error.code === 'GAN_RANK_TIMEOUT'); // of what all were given
    const isToldByFirst = (launchedRanks(process.env)?.rank ?? 0) > 0 && isOfAll;
    if (!isToldByFirst) return report();
    process.exitCode = exitCodes.usage;
  }

  /** Offers to go on with a run that has the same settings: asks on a terminal, elsewhere names the command. */
  async #goesOn({dir, state, command}: SameRun): Promise<boolean> {
    const isAsked = process.stdin.isTTY && process.stderr.isTTY && (process.env['CI'] ?? '') === '';
    if (!isAsked) {
      this.talk(`${dir} has the same settings and is ${state}. To go on with it: ${command}`);
      return false;
    }
    return confirm(`${dir} has the same settings and is ${state}. Go on with it? No begins a new run.`, command);
  }
}
