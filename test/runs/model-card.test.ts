import {createRequire} from 'node:module';
import {expect} from 'chai';
import {defaultLoadersSync} from 'cosmiconfig';
import {modelCard, type CardFacts} from '../../dist/runs/model-card.js';
import {licenseOf} from '../../dist/runs/licenses.js';
import type {Evaluation} from '../../dist/runs/evaluations.js';
import type {Session} from '../../dist/runs/run-folder.js';
import {ganError} from '../gan-error.js';
import {hostileTexts, mapLeaves, terminalOrders} from '../reliability/hostile-strings.js';
import {tinyConfig} from './helpers.js';

interface Token {
  type: string;
  tag: string;
  content: string;
  attrs: [string, string][] | null;
  children: Token[] | null;
}
// typedoc's reader of Markdown: HTML is let through, and addresses become links, as on the hub
const MarkdownIt = createRequire(import.meta.url)('markdown-it') as new (options: object) => {
  parse(text: string, env: object): Token[];
};
const reader = new MarkdownIt({html: true, linkify: true});

const session: Session = {
  began: '2026-01-01T00:00:00.000Z',
  afterStep: 0,
  backend: 'native',
  device: {isa: 'avx512', threads: 2},
  environment: {processor: 'a processor', node: '22.0.0'},
  images: 1871,
  generatorParameters: 805_667,
  criticParameters: 392_529,
};
const evaluation: Evaluation = {
  at: '2026-01-01T00:00:00.000Z',
  step: 9000,
  weights: 'averaged',
  data: '/home/me/secret place/photos',
  images: 500,
  features: 'pixels',
  seconds: 1,
  metrics: [
    {name: 'fd', better: 'lower', value: 19.04, low: 17.5, high: 20.25, doubts: []},
    {name: 'recall', better: 'higher', value: 0.5, doubts: []},
  ],
};

async function facts(more: Partial<CardFacts> = {}): Promise<CardFacts> {
  const config = {...(await tinyConfig()), data: '/home/me/secret place/photos'};
  return {
    name: 'light-photos-1',
    config,
    drawn: {step: 9000, choice: 'averaged'},
    recipe: 'light',
    sessions: [session],
    totals: {elapsedMs: 754_000, findings: []},
    evaluation,
    version: '0.1.0',
    ...more,
  };
}

/** The front matter as a reader of YAML has it, and what is below it. */
function parts(card: string): {yaml: Record<string, unknown>; body: string} {
  const [, head = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(card) ?? [];
  return {yaml: defaultLoadersSync['.yaml']('README.md', head) as Record<string, unknown>, body};
}

const flat = (tokens: readonly Token[]): Token[] => tokens.flatMap((each) => [each, ...flat(each.children ?? [])]);
/** What is no text: tags, and where links and pictures lead. */
const structure = (body: string): string[] =>
  flat(reader.parse(body, {}))
    .filter(({type}) => !['text', 'code_inline'].includes(type))
    .map(
      ({type, tag, attrs, content}) =>
        `${type} ${tag} ${JSON.stringify(attrs)} ${type === 'html_inline' ? content : ''}`,
    );
const textIn = (body: string): string =>
  flat(reader.parse(body, {}))
    .filter(({type}) => ['text', 'code_inline'].includes(type))
    .map(({content}) => content)
    .join(' ');

describe('the model card', () => {
  it('has the front matter that the Hugging Face hub reads', async () => {
    const {yaml} = parts(modelCard(await facts(), {license: 'CC-BY-4.0', usage: ''}));
    expect(yaml).to.deep.equal({
      license: 'cc-by-4.0',
      library_name: 'gankit',
      pipeline_tag: 'unconditional-image-generation',
      tags: ['gan', 'generative-adversarial-network', 'unconditional-image-generation'],
    });
    expect(parts(modelCard(await facts(), {usage: ''})).yaml['license']).to.equal('unknown');
  });

  it('tells of data, recipe, steps, images, time, device and figures, and of no place on the machine', async () => {
    const {body} = parts(modelCard(await facts(), {title: 'Photos', usage: ''}));
    const text = textIn(body);
    for (const each of [
      'Photos',
      'photos , 1,871 images',
      'light',
      '9,000',
      '72,000, in batches of 8',
      'their average over the training',
      '12 min 34 s',
      'native  on  a processor  with  2  threads',
      'generator 805,667, critic 392,529',
      '500 generated images against 500 of',
    ])
      expect(text).to.contain(each);
    expect(body).to.contain('| `fd` | 19.04 | 17.5 to 20.25 | lower is better |');
    expect(body).to.contain('| `recall` | 0.5 | not measured | higher is better |');
    expect(body).to.not.match(/secret|home/);
  });

  it('takes the figures of the last epoch where nothing else was measured, and says so', async () => {
    const config = {...(await tinyConfig(['metrics=swd'])), data: 'builtin:shapes'};
    const row = {train_loss: 1, gen_loss: 2, crit_loss: 3, swd: 0.1234};
    const totals = {elapsedMs: 0, findings: [], last: {step: 8990, epoch: 3, row}};
    const {body} = parts(modelCard(await facts({config, totals, evaluation: undefined}), {usage: ''}));
    expect(body).to.match(/Measured at step 8,990 .* without intervals:/);
    expect(body).to.contain('| `swd` | 0.1234 |');
    expect(body).to.not.contain('gen_loss');
    const none = await facts({config, evaluation: undefined});
    expect(parts(modelCard(none, {usage: ''})).body).to.contain('None were measured.');
  });

  it('shows what a strange run says as text, and nothing of it as Markdown or HTML', async () => {
    const plain = await facts();
    const wanted = structure(parts(modelCard(plain, {usage: ''})).body);
    for (const text of [
      ...hostileTexts,
      '![x](https://example.org/x.png)',
      '[x](javascript:x)',
      'www.example.org https://example.org a@example.org',
      '``` x',
      '`x` | y |',
      '\\`<b>',
      '\n# heading\n\n---\nlicense: mit\n---\n',
      '&lt;b&gt; &#60;',
    ]) {
      // the names are what a stranger chooses; of the configuration, numbers are checked to be numbers
      const change = <T>(value: T): T => mapLeaves(value, (leaf) => (typeof leaf === 'string' ? text : leaf)) as T;
      const {config, drawn, version} = plain;
      const strange: CardFacts = {
        ...change({...plain, config: undefined, evaluation: undefined}),
        config: {...config, data: text, arch: {name: text, options: {}}, loss: {name: text, options: {}}},
        drawn,
        version,
        evaluation: {
          ...change(evaluation),
          metrics: evaluation.metrics.map((each) => ({...each, name: text})),
        },
      };
      const {yaml, body} = parts(modelCard(strange, {usage: ''}));
      expect(yaml['license'], text).to.equal('unknown');
      expect(structure(body), text).to.deep.equal(wanted);
      expect(terminalOrders.test(body), text).to.equal(false);
      const visible = text.replaceAll(/[^A-Za-z0-9]+/g, '').slice(0, 40);
      if (/^[\x20-\x7E]*$/.test(text)) expect(textIn(body).replaceAll(/[^A-Za-z0-9]+/g, ''), text).to.contain(visible);
    }
  });
});

describe('licences', () => {
  const cases = [
    ['MIT', 'mit'],
    ['mit', 'mit'],
    ['Apache-2.0', 'apache-2.0'],
    ['GPL-3.0-or-later', 'gpl-3.0'],
    ['AGPL-3.0-only', 'agpl-3.0'],
    ['ODC-By-1.0', 'odc-by'],
    [' CC0-1.0 ', 'cc0-1.0'],
    ['other', 'other'],
    ['unknown', 'unknown'],
  ] as const;
  for (const [given, wanted] of cases) it(`${given} is ${wanted}`, () => expect(licenseOf(given)).to.equal(wanted));

  it('that no card can name are refused, with those that are like it', async () => {
    for (const given of ['', 'apache', 'mit\ntags: x', 'constructor']) {
      const error = await ganError(() => licenseOf(given));
      expect([error.code, error.kind], given).to.deep.equal(['GAN_LICENSE', 'usage']);
    }
    expect((await ganError(() => licenseOf('cc-by-4'))).suggestions[0]).to.contain('cc-by-4.0');
  });
});
