import {closeSync, mkdirSync, openSync} from 'node:fs';
import path from 'node:path';
import {Flags, type Interfaces} from '@oclif/core';
import type {Comparison} from '../bench/report/compare.js';
import type {BenchResult} from '../bench/types.js';
import type {Registry} from '../plugin/registry.js';
import {BaseCommand} from '../cli/command/base-command.js';
import {benchBatchSize, benchConfig} from '../cli/config/bench-config.js';
import {configFlags} from '../cli/flags/config-flags.js';
import {deviceFlag} from '../cli/flags/device-flag.js';
import {table} from '../cli/text/format.js';
import {exitCodes, GanError, messageOf} from '../errors.js';

const shared = configFlags();
const batchSize: Interfaces.FlagInput = {
  'batch-size': {...shared['batch-size']!, description: `images per step [default: ${benchBatchSize}]`},
};
const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, shared[name]!]));

export default class Bench extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Measure the speed and exactness of backends.';
  static override description =
    'Each backend runs in a process of its own. After warming up, the backends take turns. Numbers are medians over the rounds, with their spread. A backend that cannot run is shown with the reason. The deviation is the largest difference from the wasm backend in the losses and images of the first steps. Exit codes: 1 below a --floor, 4 when no backend ran.';
  static override examples = [
    {description: 'How fast is this machine?', command: '<%= config.bin %> bench'},
    {
      description: 'Compare backends, and keep the result',
      command: '<%= config.bin %> bench --backends wasm,webgpu --json > bench.json',
    },
    {description: 'Did a change make it faster?', command: '<%= config.bin %> bench --compare bench.json'},
    {
      description: 'Can the data feed the training?',
      command: '<%= config.bin %> bench --data photos --size 64 --batch-size 64',
    },
    {description: 'In your own CI', command: '<%= config.bin %> bench --size 32 --floor wasm.imagesPerSecond=20'},
  ];
  static override flags = {
    backends: Flags.string({
      description: 'names of backends, separated by commas (default: all installed backends)',
      helpValue: 'A,B',
      aliases: ['backend'],
    }),
    device: deviceFlag,
    data: Flags.string({
      description: 'also measure what these data can feed, and say who waits for whom',
      helpValue: 'DATA',
    }),
    rounds: Flags.integer({
      description: 'rounds of each backend (default: 5; with --seconds, at least 2)',
      min: 1,
      helpValue: 'N',
    }),
    seconds: Flags.integer({
      description: 'repeat rounds until each backend has been measured for this long',
      min: 1,
      helpValue: 'N',
    }),
    'steps-per-round': Flags.integer({
      description: 'training steps per round, of critic and generator together',
      default: 6,
      min: 1,
      helpValue: 'N',
    }),
    timeout: Flags.integer({
      description: 'time limit of a backend for one round, in seconds',
      default: 600,
      min: 1,
      helpValue: 'N',
    }),
    markdown: Flags.string({description: 'also write the table as Markdown', helpValue: 'FILE'}),
    svg: Flags.string({description: 'also draw a bar for each backend', helpValue: 'FILE'}),
    floor: Flags.string({
      description: 'minimum of a metric, such as imagesPerSecond=20 or wasm.convGflops=10; may be repeated',
      helpValue: 'NAME=X',
      multiple: true,
      multipleNonGreedy: true,
    }),
    compare: Flags.string({description: 'show what changed since an earlier result of --json', helpValue: 'OLD.json'}),
    set: Flags.string({
      description: 'any configuration value; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...pick(
      'recipe',
      'arch',
      'size',
      'batch-size',
      'channels',
      'n-features',
      'n-extra-layers',
      'loss',
      'penalty',
      'opt',
      'seed',
    ),
    ...batchSize,
  };

  async run(): Promise<void> {
    const {flags} = await this.parse(Bench);
    const registry = await this.openRegistry();
    const [{choosable}, {runBench}, {parseFloor, belowFloors}, {readBench}] = await Promise.all([
      import('../runs/devices/choose-device.js'),
      import('../bench/run.js'),
      import('../bench/report/floors.js'),
      import('../bench/report/compare.js'),
    ]);
    const floors = (flags.floor ?? []).map(parseFloor);
    const old = flags.compare === undefined ? undefined : await readBench(flags.compare);
    const backends =
      flags.backends
        ?.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '') ?? registry.names('backend');
    const {config, options} = await benchConfig(registry, await choosable(registry, backends), flags);
    // before the measurement, not after it
    for (const file of [flags.markdown, flags.svg]) if (file !== undefined) makeWritable(file);
    const measured = await runBench({
      backends,
      options,
      job: {
        config,
        rounds: flags.rounds ?? (flags.seconds === undefined ? 5 : 2),
        steps: flags['steps-per-round'],
        ...(flags.seconds !== undefined && {seconds: flags.seconds}),
      },
      packages: [...this.config.plugins.values()].map(({root}) => root),
      timeoutMs: flags.timeout * 1000,
      notify: (message) => this.talk(message),
    });
    const result = flags.data === undefined ? measured : await this.#withData(flags.data, measured, registry);
    const comparison = old && (await this.#compare(old, result));
    this.json(comparison ? {...result, comparison} : result);
    await this.#print(result);
    if (result.data)
      for (const line of (await import('../bench/data-speed.js')).dataLines(result.data)) this.result(line);
    if (comparison) await this.#printChanges(comparison);
    const {writeFileAtomic} = await import('../gan/io/atomic-write.js');
    if (flags.markdown !== undefined)
      await writeFileAtomic(flags.markdown, (await import('../bench/report/markdown.js')).benchMarkdown(result));
    if (flags.svg !== undefined)
      await writeFileAtomic(flags.svg, (await import('../bench/report/svg.js')).benchSvg(result));
    const below = belowFloors(result, floors);
    for (const line of below) this.warning(line);
    if (!result.rows.some(({ok}) => ok)) process.exitCode = exitCodes.backend;
    else if (below.length > 0) process.exitCode = exitCodes.bug;
  }

  async #print(result: BenchResult): Promise<void> {
    const {benchLines, detailLines} = await import('../bench/report/text.js');
    for (const line of [...benchLines(result, table), '', ...detailLines(result)]) this.result(line);
  }

  async #withData(data: string, result: BenchResult, registry: Registry): Promise<BenchResult> {
    const {compareWith, measureData} = await import('../bench/data-speed.js');
    this.talk('Reading the data, without a training');
    const warn = (message: string): void => this.warning(message);
    const speed = await measureData(data, result.job.config, {registry, warn});
    return {...result, data: compareWith(speed, result.rows)};
  }

  async #compare(old: BenchResult, result: BenchResult): Promise<Comparison> {
    const {changes, differences} = await import('../bench/report/compare.js');
    return {changes: changes(old, result), differences: differences(old, result)};
  }

  async #printChanges({changes, differences}: Comparison): Promise<void> {
    const {changeRows} = await import('../bench/report/compare.js');
    this.result('');
    for (const line of table(['backend', 'metric', 'before', 'now', 'change', ''], changeRows(changes)))
      this.result(line);
    for (const line of differences) this.warning(`not the same measurement: ${line}`);
  }
}

/** @throws GanError GAN_USAGE when the file cannot be written */
function makeWritable(file: string): void {
  try {
    mkdirSync(path.dirname(path.resolve(file)), {recursive: true});
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new GanError('usage', 'GAN_USAGE', `${file} cannot be written: ${messageOf(error)}.`, {cause: error});
  }
}
