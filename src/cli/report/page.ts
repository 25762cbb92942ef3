import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {writeFileAtomic} from '../../gan/io/atomic-write.js';
import {whenFound} from '../run/findings.js';
import {chart} from './chart.js';
import {configurationSection} from './configuration.js';
import {evaluationsSection} from './evaluations.js';
import {duration} from '../../options/duration.js';
import {sizeInWords} from '../../options/image-size.js';
import {hashOf, Html, markup, number, table, textOf, type Content} from './html.js';
import {readRun, type RunRecord} from './read-run.js';
import type {RunFolderOptions} from '../../runs/run-folder.js';
import {samplesSection, spread} from './samples.js';
import {script} from './script.js';
import {style} from './style.js';

/** Columns of the recorder that the chart of losses shows already. */
const lossColumns: readonly string[] = ['train_loss', 'gen_loss', 'crit_loss'];

/** Writes the report of a run. @throws GanError GAN_RUN_NOT_FOUND (exit 5) */
export async function writeReport(run: string, file: string, options: RunFolderOptions = {}): Promise<void> {
  const page = await reportPage(await readRun(run, options), options);
  await mkdir(path.dirname(path.resolve(file)), {recursive: true});
  await writeFileAtomic(file, page);
}

/**
 * Nothing is loaded, and no script and no style element counts but the page's own. Positions in charts are style
 * attributes; a browser that does not know `style-src-attr` goes by `style-src`.
 */
const policy = [
  "default-src 'none'",
  'img-src data:',
  `script-src ${hashOf(script)}`,
  "style-src 'unsafe-inline'",
  `style-src-elem ${hashOf(style)}`,
  "style-src-attr 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The report as one HTML page. */
export async function reportPage(run: RunRecord, options: RunFolderOptions = {}): Promise<string> {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="color-scheme" content="light dark">
<title>${run.name}: a run of gan</title>
<style>${new Html(style)}</style>
</head>
<body>
<header><p>Report of a run</p><h1>${run.name}</h1>${summary(run)}</header>
<main>
${findingsSection(run)}
<section id="curves"><h2>Curves</h2>${charts(run)}</section>
${await samplesSection(run, options)}
${await evaluationsSection(run.dir, run.evaluations)}
${epochsSection(run)}
${configurationSection(run)}
${sessionsSection(run)}
</main>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return page.source;
}

/** The numbers that are looked for first. */
function summary({config, step, critic, generator, epochs, sessions}: RunRecord): Content {
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const images = sessions.at(-1)?.images;
  const last = (curve: {values: number[]}): string | undefined =>
    curve.values.length > 0 ? number(curve.values.at(-1)!) : undefined;
  const facts: [string, string | undefined][] = [
    ['steps', String(step)],
    ['epochs', String(epochs.length)],
    ['critic loss', last(critic.smooth)],
    ['generator loss', last(generator.smooth)],
    ['time of whole epochs', seconds > 0 ? duration(seconds) : undefined],
    ['training images', images === undefined ? undefined : String(images)],
    ['image size', `${sizeInWords(config.size)}, ${config.channels} channel${config.channels === 1 ? '' : 's'}`],
  ];
  return markup`<dl>${facts.map(([name, value]) => (value === undefined ? undefined : markup`<div><dt>${name}</dt><dd>${value}</dd></div>`))}</dl>`;
}

const watchNotes = new Map([
  ['diversity', 'Mean distance of two generated images over that of two real ones.'],
  ['separation', 'Share of the pairs of a real and a generated image that the critic ranks right.'],
  ['overfitting', 'How far held-out images score from training images towards generated ones.'],
]);

/** What the watch found, and why the run ended early. */
function findingsSection({findings, stopped}: RunRecord): Content {
  if (findings.length === 0 && stopped === undefined) return undefined;
  const items = findings.map(
    (found) =>
      markup`<li><b>${found.what}</b>, ${whenFound(found)}: ${found.measured}.${found.advice.map((flags, i) => markup`${i === 0 ? ' Try ' : ', or '}<code>${flags}</code>`)}${found.advice.length === 0 ? undefined : '.'}</li>`,
  );
  const end = stopped === undefined ? undefined : markup`<li><b>stopped early</b>: ${stopped}</li>`;
  return markup`<section id="watch"><h2>Watch</h2><ul class="findings">${items}${end}</ul></section>`;
}

function charts({critic, generator, lr, hyperparameters, epochs, watched, findings}: RunRecord): Content {
  const marks = findings.map(({what, since, over}) => ({what, from: since, to: over}));
  const losses = chart(
    'Loss of both networks',
    'Lines: running means. Bands: the losses of single steps.',
    [
      {label: 'critic', colour: 'critic', line: critic.smooth, band: critic.raw},
      {label: 'generator', colour: 'generator', line: generator.smooth, band: generator.raw},
    ],
    {marks},
  );
  if (losses === undefined) return markup`<p class="note">There is no step yet.</p>`;
  const measured = [...new Set(epochs.flatMap(({row}) => Object.keys(row)))].filter(
    (name) => !lossColumns.includes(name) && name !== 'time',
  );
  const ofEpochs = measured.map((name) => {
    const values = epochs.flatMap(({step, row}) => (typeof row[name] === 'number' ? [{step, value: row[name]}] : []));
    return chart(
      name,
      'Measured at the end of each epoch.',
      [
        {
          label: name,
          colour: 'metric',
          line: {steps: values.map(({step}) => step), values: values.map(({value}) => value)},
        },
      ],
      {height: 180, marks},
    );
  });
  const ofWatch = [...watched].map(([name, line]) =>
    chart(name, watchNotes.get(name) ?? '', [{label: name, colour: 'metric', line}], {height: 180, marks}),
  );
  const changes = new Set(lr.values).size > 1;
  const rate = changes
    ? chart('Learning rate', 'Of each step.', [{label: 'learning rate', colour: 'metric', line: lr}], {height: 180})
    : undefined;
  const moved = [...hyperparameters].map(([name, line]) =>
    chart(name, 'Of each step.', [{label: name, colour: 'metric', line}], {height: 180}),
  );
  return markup`${losses}<div class="small">${[...ofWatch, ...ofEpochs, rate, ...moved]}</div>`;
}

/** Rows of the table of epochs, at most. */
const mostRows = 1000;

function epochsSection({epochs}: RunRecord): Content {
  if (epochs.length === 0) return undefined;
  const shown = spread(epochs, mostRows);
  const columns = [...new Set(shown.flatMap(({row}) => Object.keys(row)))].filter((name) => name !== 'time');
  const rows = shown.map(({epoch, step, row, seconds}) => [
    String(epoch),
    String(step),
    ...columns.map((name) => (typeof row[name] === 'number' ? number(row[name]) : '–')),
    duration(seconds),
  ]);
  const note =
    shown.length < epochs.length ? markup`<p class="note">${shown.length} of ${epochs.length} epochs.</p>` : undefined;
  return markup`<section id="epochs"><h2>Epochs</h2>${note}${table(['epoch', 'step', ...columns, 'time'], rows)}</section>`;
}

function sessionsSection({sessions}: RunRecord): Content {
  if (sessions.length === 0) return undefined;
  const facts = (values: Readonly<Record<string, unknown>>): Content =>
    Object.entries(values).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${textOf(value)}</dd></div>`);
  const parts = sessions.map(
    ({
      began,
      afterStep,
      backend,
      device,
      environment,
      generatorParameters,
      criticParameters,
    }) => markup`<article><h3>${afterStep === 0 ? 'From the start' : `After step ${afterStep}`}</h3>
<dl class="facts">${facts({began, backend, ...device, ...environment, 'generator parameters': generatorParameters, 'critic parameters': criticParameters})}</dl></article>\n`,
  );
  return markup`<section id="environment"><h2>Environment</h2>${parts}</section>`;
}
