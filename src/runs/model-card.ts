/**
 * The model card of an exported run: README.md in the form of the Hugging Face hub
 * (https://huggingface.co/docs/hub/model-cards). What a run folder says is text of a stranger, and stays text.
 */
import type {Classes} from '../gan/classes.js';
import type {CardRequest} from '../gan/export/trained-run.js';
import {duration} from '../options/duration.js';
import {sizeInWords} from '../options/image-size.js';
import type {RunConfig} from '../options/run-config.js';
import {intervalText, significant} from './evaluation-table.js';
import type {Evaluation} from './evaluations.js';
import {dataTitle, type Drawn} from './exported-model.js';
import {licenseOf} from './licenses.js';
import {addToTotals, noTotals, type LogTotals} from './log-digest.js';
import {codeText, markdownTable, plainText} from './markdown.js';
import type {RunFolder, Session} from './run-folder.js';

/** What a run folder tells of a step. */
export interface CardFacts {
  /** The run's name. */
  name: string;
  config: RunConfig;
  drawn: Pick<Drawn, 'step' | 'choice'> & {classes?: Drawn['classes']};
  /** The recipe that values of the configuration are from. */
  recipe?: string | undefined;
  /** Trainings up to the step, oldest first. */
  sessions: readonly Session[];
  totals: LogTotals;
  /** The last evaluation of these weights. */
  evaluation?: Evaluation | undefined;
  /** Of this program. */
  version: string;
}

/** The picture that a card shows, beside it. */
export const cardPicture = {name: 'samples.png', images: 16, seed: 0};

/** Reads what a card tells of weights of a run. Of an exported model without its training that is little. */
export async function cardFacts(
  folder: RunFolder,
  {name, config, drawn, version}: Pick<CardFacts, 'name' | 'config' | 'drawn' | 'version'>,
): Promise<CardFacts> {
  const totals = noTotals();
  await folder.metrics.read((line) => {
    if (line.step <= drawn.step) addToTotals(totals, line);
  }, 'rare');
  const {step, choice} = drawn;
  const origins = Object.values(await folder.readOrigins());
  return {
    recipe: origins.flatMap((origin) => /^recipe (.+)$/.exec(origin)?.[1] ?? [])[0],
    name,
    config,
    drawn,
    version,
    totals,
    sessions: (await folder.readSessions()).filter(({afterStep}) => afterStep < step),
    evaluation: (await folder.evaluations()).findLast((each) => each.step === step && each.weights === choice),
  };
}

/**
 * The text of README.md.
 * @throws GanError GAN_LICENSE (exit 2)
 */
export function modelCard(facts: CardFacts, {title = facts.name, license = 'unknown', usage}: CardRequest): string {
  const {size, latent} = facts.config;
  const task = taskOf(facts.drawn.classes);
  // the hub has no pipeline for images of classes: https://huggingface.co/tasks
  const pipeline = facts.drawn.classes ? '' : `pipeline_tag: ${task}\n`;
  return `---
license: ${licenseOf(license)}
library_name: gankit
${pipeline}tags:
- gan
- generative-adversarial-network
- ${task}
---

# ${plainText(title)}

The networks of a generative adversarial network. The generator makes images of ${sizeInWords(size)} pixels (${colours[facts.config.channels]}) from
${latent} normal random numbers${facts.drawn.classes ? classesText(facts.drawn.classes) : ''}. \`gan\` of the npm package gankit ${facts.version} trained and exported it.

![${cardPicture.images} images that the generator made](${cardPicture.name})

What the generator makes of seed ${cardPicture.seed}; nothing was chosen.

## Training

${markdownTable(['', ''], trainingRows(facts))}

## Figures

${figures(facts)}

## How to use it

${usage.trim()}

## Limits

The generator draws images like those that it was trained on, with their bias, and may repeat some of them. Who publishes it
has to look whether the licence of the training images allows that.
`;
}

/** The hub's word for what the networks do, or, where it has none, that of the literature. */
const taskOf = (classes: Classes | undefined): string =>
  !classes
    ? 'unconditional-image-generation'
    : classes.each === 'one'
      ? 'class-conditional-image-generation'
      : 'attribute-conditional-image-generation';

/** Classes that a card names. */
const mostNamed = 100;

function classesText({names, each, unlabelled}: Classes): string {
  const shown = names.slice(0, mostNamed).map(codeText).join(', ');
  const more = names.length > mostNamed ? ` and ${count(names.length - mostNamed)} more` : '';
  const kind = each === 'one' ? 'a class' : 'any of these attributes';
  return ` and ${kind}${unlabelled ? ', or none' : ''}: ${shown}${more}`;
}

const colours: Readonly<Record<RunConfig['channels'], string>> = {
  1: 'grey',
  2: 'grey with alpha',
  3: 'RGB',
  4: 'RGB with alpha',
};

const count = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');

function trainingRows({config, drawn, recipe, sessions, totals}: CardFacts): string[][] {
  const last = sessions.at(-1);
  const {arch, loss, batchSize, accumulate, seed} = config;
  const seconds = totals.elapsedMs / 1000;
  const rows: [string, string | undefined][] = [
    ['data', codeText(dataTitle(config.data)) + (last ? `, ${count(last.images)} images` : '')],
    ['recipe', recipe && codeText(recipe)],
    ['architecture', codeText(arch.name)],
    ['loss', codeText(loss.name)],
    ['augmentations', config.augment.map(({name}) => codeText(name)).join(', ') || undefined],
    ['steps of both networks', count(drawn.step)],
    ['images seen', `${count(drawn.step * batchSize * accumulate)}, in batches of ${count(batchSize * accumulate)}`],
    ['weights of the generator', drawn.choice === 'averaged' ? 'their average over the training' : 'of the last step'],
    ['seed', String(seed)],
    ['time of whole epochs', seconds > 0 ? duration(seconds) : undefined],
    ['device', [...new Set(sessions.map(deviceText))].join('; ') || undefined],
    ['parameters', last && `generator ${count(last.generatorParameters)}, critic ${count(last.criticParameters)}`],
  ];
  return rows.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

function deviceText({backend, device, environment}: Session): string {
  const {name = environment['processor'], threads} = device;
  return [
    codeText(backend),
    ...(name === undefined ? [] : [`on ${codeText(String(name))}`]),
    ...(threads === undefined ? [] : [`with ${codeText(String(threads))} threads`]),
  ].join(' ');
}

const directions = {lower: 'lower is better', higher: 'higher is better', one: '1 is best'};

/** What was measured of these very weights; else what the last epoch measured, which has no intervals. */
function figures({config, evaluation, totals: {last}}: CardFacts): string {
  if (evaluation) {
    const {images, data, features, metrics} = evaluation;
    const rows = metrics.map((each) => [
      codeText(each.name),
      significant(each.value),
      intervalText(each) || 'not measured',
      directions[each.better],
    ]);
    return `${count(images)} generated images against ${count(images)} of ${codeText(dataTitle(data))}, by the features ${codeText(dataTitle(features))}:

${markdownTable(['metric', 'value', '95 % interval', ''], rows)}`;
  }
  const names = config.metrics.map(({name}) => name);
  const measured = Object.entries(last?.row ?? {}).filter(([name, value]) => names.includes(name) && value !== null);
  if (!last || measured.length === 0) return 'None were measured. `gan evaluate` measures them.';
  return `Measured at step ${count(last.step)} with ${count(config.metricImages)} images, without intervals:

${markdownTable(
  ['metric', 'value'],
  measured.map(([name, value]) => [codeText(name), significant(value!)]),
)}`;
}
