/** How a kind of part is spelled: in package.json, in messages, on the command line. */
interface KindWords {
  /** Key of the `gan` block in package.json. */
  manifestKey: string;
  /** With its article, for sentences. */
  noun: string;
}

/** The kinds of parts. `PartKinds` of the plug-in API has what `create` of each returns. */

export const partKinds = {
  backend: {manifestKey: 'backends', noun: 'a backend'},
  architecture: {manifestKey: 'architectures', noun: 'an architecture'},
  loss: {manifestKey: 'losses', noun: 'a loss'},
  penalty: {manifestKey: 'penalties', noun: 'a penalty'},
  optimizer: {manifestKey: 'optimizers', noun: 'an optimizer'},
  switcher: {manifestKey: 'switchers', noun: 'a switcher'},
  schedule: {manifestKey: 'schedules', noun: 'a schedule'},
  source: {manifestKey: 'sources', noun: 'a data source'},
  augmentation: {manifestKey: 'augmentations', noun: 'an augmentation'},
  metric: {manifestKey: 'metrics', noun: 'a metric'},
  callback: {manifestKey: 'callbacks', noun: 'a callback'},
  recipe: {manifestKey: 'recipes', noun: 'a recipe'},
  exporter: {manifestKey: 'exporters', noun: 'an export format'},
  check: {manifestKey: 'checks', noun: 'a check'},
} as const satisfies Record<string, KindWords>;

export type PartKind = keyof typeof partKinds;

export const kindNames = Object.keys(partKinds) as PartKind[];

/** The kind's name without its article: `data source`. */
export const kindLabel = (kind: PartKind): string => partKinds[kind].noun.replace(/^an? /, '');
