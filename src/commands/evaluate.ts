import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {runHelp} from '../cli/run/run-help.js';
import {runFlags} from '../cli/flags/run-flags.js';
import {evaluationLines} from '../cli/run/evaluation-report.js';
import {runOptions, withRun} from '../cli/run/use-run.js';
import type {Evaluation} from '../runs/evaluations.js';
import {isOfSystem, systemError} from '../system-error.js';

export default class Evaluate extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Measure how good the images of a trained run are.';
  static override description =
    'Compares images of the generator with as many real ones, and adds the results to evaluations.jsonl in the run folder, where gan report, gan ui and gan runs show find them. docs/evaluation.md explains the metrics.';
  static override examples = [
    {description: 'The standard metrics', command: '<%= config.bin %> evaluate runs/wgan-shapes-1'},
    {
      description: "The best checkpoint, on a network's features",
      command: '<%= config.bin %> evaluate runs/wgan-shapes-1 --checkpoint best --features classes.safetensors',
    },
    {
      description: 'Of a conditional run, each class, too',
      command: '<%= config.bin %> evaluate runs/light-photos-1 --by-class --metrics fd --images 10000',
    },
    {
      description: 'Two metrics, against other images',
      command: '<%= config.bin %> evaluate runs/wgan-shapes-1 --metrics fd,coverage --data photos',
    },
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };
  static override flags = {
    metrics: Flags.string({
      description: 'names of metrics (default: those of the run, or the standard ones); gan parts metric lists them',
      helpValue: 'NAME,...',
    }),
    data: Flags.string({
      description: 'folder or archive of real images, or builtin:NAME (default: the data of the run)',
      helpValue: 'DIR',
    }),
    images: Flags.integer({description: 'real and generated images to compare, at most', default: 1024, min: 2}),
    features: Flags.string({
      description: 'pixels, or the safetensors file of a feature network (default: as the run says)',
      helpValue: 'pixels|FILE',
    }),
    halves: Flags.integer({
      description: 'random halves of the images to measure for the 95 % intervals; 0: no intervals',
      default: 8,
      min: 0,
    }),
    'by-class': Flags.boolean({
      description: 'of a conditional run: also measure the images of each class that has at least 50 real ones',
    }),
    nearest: Flags.integer({
      description:
        'generated images whose nearest training images to look for, to see whether they are copies; 0: none',
      default: 64,
      min: 0,
    }),
    out: Flags.string({char: 'o', description: 'also write the result to this JSON file', helpValue: 'FILE.json'}),
    ...runFlags,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Evaluate);
    const {metrics, data, images, features, halves, nearest, out} = flags;
    const use = {
      ...runOptions(await this.openRegistry(), this.configSources, flags),
      cacheFolder: this.config.cacheDir,
    };
    const evaluation = await withRun(await this.runNamed(args.run), use, async (run) => {
      const compared = features === undefined ? {} : {features};
      const measured = await run.evaluation({
        ...(metrics !== undefined && {metrics: metrics.split(',')}),
        ...(data !== undefined && {data}),
        ...compared,
        images,
        halves,
        byClass: flags['by-class'],
      });
      const {writeNearest} = await import('../cli/pictures/write-nearest.js');
      const pairs = nearest === 0 ? undefined : await run.nearest({n: nearest, ...compared});
      const kept = pairs && (await this.#kept(writeNearest(run.folder, measured.step, pairs)));
      const result: Evaluation = {...measured, ...(kept && {nearest: kept})};
      await this.#kept(run.folder.addEvaluation(result));
      return result;
    });
    this.json(evaluation);
    for (const line of evaluationLines(evaluation)) this.result(line);
    for (const {name, doubts} of evaluation.metrics) for (const doubt of doubts) this.warning(`${name}: ${doubt}`);
    if (out !== undefined) {
      const {writeFileAtomic} = await import('../gan/io/atomic-write.js');
      await writeFileAtomic(out, `${JSON.stringify(evaluation, null, 2)}\n`);
    }
  }

  /** What a read-only folder or a full disk does not take is warned of: the result is printed all the same. */
  async #kept<T>(written: Promise<T>): Promise<T | undefined> {
    try {
      return await written;
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      this.warning(`not kept with the run: ${(systemError(error) ?? (error as Error)).message}`);
      return undefined;
    }
  }
}
