/** What people type who know other programs: the commands and flags that they mean here. */
import {hideKeys} from '../../address.js';
import {quoted} from '../../system-error.js';

/** The command that a word of other programs is here. */
const commands: Readonly<Record<string, string>> = {
  train: 'fit',
  training: 'fit',
  run: 'fit',
  start: 'fit',
  learn: 'fit',
  resume: 'fit --resume',
  continue: 'fit --resume',
  sample: 'generate',
  samples: 'generate',
  predict: 'generate',
  infer: 'generate',
  inference: 'generate',
  draw: 'generate',
  list: 'runs list',
  ls: 'runs list',
  history: 'runs list',
  show: 'runs show',
  info: 'runs show',
  status: 'runs show',
  compare: 'runs diff',
  diff: 'runs diff',
  rm: 'runs rm',
  remove: 'runs rm',
  delete: 'runs rm',
  eval: 'evaluate',
  validate: 'evaluate',
  measure: 'evaluate',
  metrics: 'evaluate',
  test: 'evaluate',
  fid: 'evaluate',
  preview: 'show-batch',
  batch: 'show-batch',
  convert: 'export',
  save: 'export',
  serve: 'ui',
  dashboard: 'ui',
  watch: 'ui',
  web: 'ui',
  tensorboard: 'ui',
  walk: 'interpolate',
  animate: 'interpolate',
  gif: 'timelapse',
  video: 'timelapse',
  benchmark: 'bench',
  devices: 'backends',
  gpus: 'backends',
  check: 'doctor',
  completion: 'autocomplete',
  completions: 'autocomplete',
  install: 'plugins install',
  uninstall: 'plugins uninstall',
  new: 'init',
  version: '--version',
};

/** The flag that a flag of other programs is here: the first one that the command has. */
const flags: Readonly<Record<string, readonly string[]>> = {
  output: ['out'],
  outdir: ['out-dir', 'out'],
  'output-dir': ['out-dir', 'out'],
  name: ['out'],
  'results-dir': ['out'],
  'run-dir': ['out'],
  iterations: ['steps'],
  iters: ['steps'],
  iter: ['steps'],
  'max-steps': ['steps'],
  'num-steps': ['steps'],
  'num-epochs': ['epochs'],
  epoch: ['epochs'],
  'max-epochs': ['epochs'],
  batch: ['batch-size'],
  bs: ['batch-size'],
  'image-size': ['size'],
  'img-size': ['size'],
  resolution: ['size'],
  imgsize: ['size'],
  'learning-rate': ['lr'],
  workers: ['threads'],
  'num-workers': ['threads'],
  'num-threads': ['threads'],
  optimizer: ['opt'],
  optim: ['opt'],
  architecture: ['arch'],
  model: ['arch'],
  aug: ['augment'],
  augmentation: ['augment'],
  augmentations: ['augment'],
  'latent-dim': ['latent'],
  'latent-size': ['latent'],
  nz: ['latent'],
  'z-dim': ['latent'],
  'save-every': ['checkpoint-every'],
  ckpt: ['checkpoint', 'from'],
  'num-samples': ['n'],
  'num-images': ['n', 'images'],
  num: ['n'],
  count: ['n'],
  trunc: ['truncation'],
  dashboard: ['ui'],
};

/** The argument that a flag of other programs is here. */
const args: Readonly<Record<string, readonly string[]>> = {
  data: ['data'],
  dataset: ['data'],
  images: ['data'],
  'data-dir': ['data'],
  'data-path': ['data'],
  'dataset-path': ['data'],
  dataroot: ['data'],
  folder: ['data', 'run', 'runs'],
  dir: ['data', 'run', 'runs'],
  input: ['data', 'run'],
  path: ['data', 'run'],
  src: ['data'],
  run: ['run'],
  'run-dir': ['run'],
  model: ['run'],
  network: ['run'],
  load: ['run'],
};

/** A command line as it was typed, and what its command knows. */
export interface Typed {
  /** `runs:rm`. */
  id: string;
  /** The words after the command. */
  argv: readonly string[];
  flags: readonly string[];
  args: readonly string[];
}

/** The command that a word probably means: `runs list` for `ls`; undefined for a word that is none. */
export const commandMeantBy = (word: string): string | undefined =>
  Object.hasOwn(commands, word.toLowerCase()) ? commands[word.toLowerCase()] : undefined;

/**
 * What an unknown flag probably means, as a suggestion: `--epochs` for `--num-epochs`, and the whole command for
 * `--data photos`, as the data are an argument.
 * @param flag with its hyphens
 */
export function flagMeantBy(flag: string, typed: Typed): string | undefined {
  const [name = flag] = flag.split('=');
  const word = name.replace(/^-+/, '').replaceAll('_', '-').toLowerCase();
  const argument = (Object.hasOwn(args, word) ? args[word]! : []).find((each) => typed.args.includes(each));
  if (argument !== undefined) {
    const at = typed.argv.findIndex((each) => each === name || each.startsWith(`${name}=`));
    const [, joined] = /^[^=]+=(.*)$/s.exec(typed.argv[at] ?? '') ?? [];
    const value = joined ?? typed.argv[at + 1];
    const rest = typed.argv.filter((_, i) => i !== at && (joined !== undefined || i !== at + 1));
    return `${argument.toUpperCase()} is an argument, without a flag: ${commandLine(typed.id, [value ?? argument.toUpperCase(), ...rest])}`;
  }
  const meant = (Object.hasOwn(flags, word) ? flags[word]! : []).find((each) => typed.flags.includes(each));
  return meant === undefined ? undefined : `Did you mean --${meant}?`;
}

/** `gan fit photos --size 32`: words that a shell would take apart are quoted. */
export const commandLine = (id: string, words: readonly string[]): string =>
  ['gan', ...id.split(':'), ...words.map((word) => quoted(hideKeys(word)))].join(' ');
