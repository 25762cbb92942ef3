/** The facts about a kind of part, except its type. `PartKinds` of the plug-in API has the type. */
export interface KindFacts {
  /** Key of the `gan` block in package.json, and the kind in the plural. */
  manifestKey: string;
  /** The noun with its article, for sentences. */
  noun: string;
  /** How `testPlugin` tests a part: see src/testing/parts. */
  test: 'train' | 'export' | 'examine' | 'configure' | 'create';
  /**
   * The command line that uses the part called NAME; absent where a configuration key chooses it: `gan fit --KEY NAME`.
   */
  usage?: string;
  /** The same as `usage` for `--set`: the assignment that puts the part NAME into a training. */
  setting?: string;
  /** The name of the object that is made of the part called NAME; absent where it needs none. */
  instance?: string;
  /** The example that a new plug-in starts from, where it is not plugins/example-parts/src/KIND.ts. */
  example?: string;
}

/** The kinds of parts, in the order of listings: the one place where a kind is described. */
export const partKinds = {
  backend: {
    manifestKey: 'backends',
    noun: 'a backend',
    test: 'create',
    example: 'plugins/example-backend/src/index.ts',
  },
  architecture: {manifestKey: 'architectures', noun: 'an architecture', test: 'train'},
  loss: {manifestKey: 'losses', noun: 'a loss', test: 'train'},
  penalty: {manifestKey: 'penalties', noun: 'a penalty', test: 'train', instance: 'NAME'}, // of its term in the log
  optimizer: {manifestKey: 'optimizers', noun: 'an optimizer', test: 'train'},
  switcher: {manifestKey: 'switchers', noun: 'a switcher', test: 'train'},
  schedule: {manifestKey: 'schedules', noun: 'a schedule', test: 'train'},
  source: {
    manifestKey: 'sources',
    noun: 'a data source',
    test: 'train',
    usage: 'gan fit builtin:NAME',
    setting: 'data=builtin:NAME',
  },
  augmentation: {manifestKey: 'augmentations', noun: 'an augmentation', test: 'train', instance: 'NAME'}, // of its probability
  metric: {manifestKey: 'metrics', noun: 'a metric', test: 'train', instance: 'NAME'}, // the name of its column
  // of its state in checkpoints
  callback: {manifestKey: 'callbacks', noun: 'a callback', test: 'train', instance: 'callback NAME'},
  recipe: {manifestKey: 'recipes', noun: 'a recipe', test: 'configure'},
  exporter: {
    manifestKey: 'exporters',
    noun: 'an export format',
    test: 'export',
    usage: 'gan export RUN --format NAME --out PATH',
  },
  check: {manifestKey: 'checks', noun: 'a check', test: 'examine', usage: 'gan doctor'},
} as const satisfies Record<string, KindFacts>;

export type PartKind = keyof typeof partKinds;

export const kindNames = Object.keys(partKinds) as PartKind[];

/**
 * What plug-in API 2 changed for the authors of a kind of part: a sentence without its full stop. Kinds that stayed as
 * they were are absent.
 */
export const changedInApi2: Partial<Record<PartKind, string>> = {
  architecture:
    '`nn.changing` is called `nn.perStepTensor`; `generator` and `critic` get `height` and `width` in place of `size`',
  loss:
    '`critic` and `generator` get the training step: `real.scores` and `fake.scores` in place of `real` and `fake`, `fake.images` in place of ' +
    '`output`, `real.images` in place of `target`',
  penalty:
    '`create` returns `{network, compute(step)}` in place of a function: `step.real.images` and `step.fake.images` in place of `real` and `fake`, ' +
    '`step.random` in place of `rng`, `every: n` in place of returning undefined',
  source: 'it gets `height` and `width` in place of `size`',
  callback:
    '`runAfter` and `runBefore` name other callbacks in place of `order`; of the learner, `lastLoss` is what `read` was, `pendingLoss` what ' +
    '`latest` was',
};

/** All facts about a kind, including those that only some kinds have. */
export const kindFacts = (kind: PartKind): KindFacts => partKinds[kind];

/** The kind's name without its article: `data source`. */
export const kindLabel = (kind: PartKind): string => partKinds[kind].noun.replace(/^an? /, '');
