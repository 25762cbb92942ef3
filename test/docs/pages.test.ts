/**
 * The pages of the documentation: their links, the numbers of decisions, and the environment variables that they name.
 */
import {expect} from 'chai';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {root} from '../commands/helpers.js';

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Files below a folder of the repository whose names match, without builds and installed packages. */
function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(path.join(root, folder), {withFileTypes: true}).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|recordings)$/.test(entry.name) ? [] : filesIn(file, name);
    return name.test(entry.name) ? [file] : [];
  });
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...filesIn('docs', /\.md$/),
  ...filesIn('plugins', /\.md$/),
];
const sources = ['src', 'test', 'scripts', 'bench', 'plugins'].flatMap((folder) => filesIn(folder, /\.(ts|mjs)$/));

/** A page without its blocks of code. */
const prose = (page: string): string => read(page).replaceAll(/^```[^]*?^```/gm, '');

/** The anchors that GitHub gives to the headings of a page. */
function anchors(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The relative links of a page, as [link, file, anchor]. */
const links = (page: string): [link: string, file: string, anchor: string | undefined][] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^https?:/.test(link))
    .map((link) => {
      const [file, anchor] = link.split('#');
      return [link, file === '' ? page : path.posix.join(path.posix.dirname(page), file!), anchor];
    });

describe('the pages of the documentation', () => {
  it('are found, with their links', () => {
    expect(pages).to.include.members([
      'docs/plugins.md',
      'docs/adr/0002-a-checkpoint-is-a-folder.md',
      'plugins/cuda/README.md',
    ]);
    expect(pages.flatMap(links)).to.have.length.above(50);
  });

  for (const page of pages) {
    it(`${page} has no link that leads nowhere`, () => {
      const broken = links(page).filter(
        ([, file, anchor]) =>
          !existsSync(path.join(root, file)) || (anchor !== undefined && !anchors(file).includes(anchor)),
      );
      expect(broken.map(([link]) => link)).to.deep.equal([]);
    });
  }

  it('exist where code and pages name them', () => {
    const missing = [...pages, ...sources].flatMap((file) =>
      [...read(file).matchAll(/(?<![\w/.-])(docs\/(?:adr\/\d{4}|[\w-]+\.md)|CONTRIBUTING\.md)/g)]
        .map(([, name]) => name!)
        .filter((name) => !pages.some((page) => page === name || page.startsWith(`${name}-`)))
        .map((name) => `${file}: ${name}`),
    );
    expect(missing).to.deep.equal([]);
  });
});

describe('the decisions in docs/adr', () => {
  const records = filesIn('docs/adr', /\.md$/);
  const numbers = records.map((file) => Number(/(\d{4})-[^/]+$/.exec(file)![1]));

  it('have a number each, which their headings repeat', () => {
    expect(new Set(numbers).size).to.equal(records.length);
    expect(records.map((file) => Number(/^# (\d+)\. /.exec(read(file))?.[1]))).to.deep.equal(numbers);
  });

  it('exist where their number is named', () => {
    const named = [...pages, ...sources].flatMap((file) =>
      [...read(file).matchAll(/\bADR (\d+)\b/g)].map(([, number]) => Number(number)),
    );
    expect(named).to.not.have.length(0);
    expect(named.filter((number) => !numbers.includes(number))).to.deep.equal([]);
  });
});

describe('the variables of the environment', () => {
  const [ofUsers, ofTests] = [read('docs/configuration.md'), read('CONTRIBUTING.md')];
  const code = sources.map(read).join('\n');
  const isRow = (page: string, variable: string): boolean => page.includes(`\n| \`${variable}\``);

  it('are explained, each that the code reads, in one of two tables', () => {
    const found = [
      ...code.matchAll(/\b(?:env(?:\.|\[['"]|: ['"])|(?:valueOf|hasValue|secondsOf|bytesOf)\(')(GAN_[A-Z_]+)/g),
    ];
    const read = [...new Set(found.map(([, name]) => name!))];
    expect(read).to.include.members(['GAN_DEBUG', 'GAN_PICTURES', 'GAN_CUDA_LIBS', 'GAN_TEST_CASES']);
    expect(read.filter((name) => isRow(ofUsers, name) === isRow(ofTests, name))).to.deep.equal([]);
  });

  it('have every value of GAN_DEBUG that the code knows', () => {
    const values = [...code.matchAll(/(?:'GAN_DEBUG', |\bdebug\.includes\()'([a-z]+)'/g)].map(([, value]) => value!);
    expect([...new Set(values)].sort()).to.deep.equal(['alloc', 'capture', 'cudnn', 'kernels', 'sync']);
    expect(values.filter((value) => !isRow(ofUsers, `GAN_DEBUG=${value}`))).to.deep.equal([]);
  });

  it('are no others', () => {
    const named = [ofUsers, ofTests].flatMap((page) =>
      [...page.matchAll(/^\| `GAN_([A-Z_]+)`/gm)].map(([, name]) => name!),
    );
    expect(named).to.not.have.length(0);
    expect(named.filter((name) => !code.includes(`GAN_${name}`))).to.deep.equal([]);
  });
});
