import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {root} from '../commands/helpers.js';
import {inFolder} from '../gan/data/helpers.js';

const run = promisify(execFile);
const pythons = process.env['PYTHON'] === undefined ? ['python3', '/usr/bin/python3'] : [process.env['PYTHON']];

/** The first Python that runs a line. */
async function pythonThat(line: string): Promise<string | undefined> {
  for (const python of pythons) {
    const works = await run(python, ['-c', line]).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  return undefined;
}

describe('bench/quality', () => {
  it('trains on points, judges them, and writes figures, a table and a chart; PyTorch as well where it is', async function () {
    this.timeout(120_000);
    const [torch, numpy] = [await pythonThat('import numpy, torch.optim'), await pythonThat('import numpy')];
    const python = torch ?? numpy;
    if (python === undefined) {
      console.log('    skipped: there is no Python with NumPy, which is the judge');
      return this.skip();
    }
    await inFolder(async (dir) => {
      const files = ['json', 'md', 'svg'].flatMap((kind) => [`--${kind}`, join(dir, `out.${kind}`)]);
      const small = ['--images', '256', '--points', '2', '--seeds', '1', '--threads', '1'];
      const set = ['samples=200', 'batch=32'].flatMap((each) => ['--set', each]);
      const sides = torch === undefined ? ['--only', 'gan'] : [];
      await run(process.execPath, ['bench/quality.mjs', '--data', 'ring8', ...small, ...set, ...sides, ...files], {
        cwd: root,
        env: {...process.env, PYTHON: python},
      });
      const {medians} = JSON.parse(readFileSync(join(dir, 'out.json'), 'utf8')) as {
        medians: Record<string, {images: number; modes: number; highQuality: number}[]>;
      };
      expect(Object.keys(medians)).to.deep.equal(torch === undefined ? ['gan'] : ['gan', 'pytorch']);
      for (const rows of Object.values(medians)) {
        expect(rows.map(({images}) => images)).to.deep.equal([128, 256]);
        for (const {modes, highQuality} of rows) {
          expect(modes).to.be.within(0, 8);
          expect(highQuality).to.be.within(0, 1);
        }
      }
      expect(readFileSync(join(dir, 'out.md'), 'utf8')).to.match(
        /^\| side \| images \| seconds \| modes \| highQuality \|/,
      );
      expect(readFileSync(join(dir, 'out.svg'), 'utf8')).to.match(/^<svg [^]*<\/svg>\n$/);
    });
  });

  it('judges by the Frechet distance of normal distributions, also with fewer images than dimensions', async function () {
    const python = await pythonThat('import numpy, scipy.linalg');
    if (python === undefined) {
      console.log('    skipped: there is no Python with SciPy');
      return this.skip();
    }
    await inFolder(async (dir) => {
      const script = join(dir, 'check.py');
      await writeFile(
        script,
        `
import sys
sys.path.insert(0, ${JSON.stringify(join(root, 'bench/quality'))})
import numpy as np
from scipy.linalg import sqrtm
from evaluate import frechet
random = np.random.default_rng(0)
for n, m, d in ((300, 400, 20), (15, 400, 20), (12, 14, 20)):
    a, b = random.normal(size=(n, d)) @ random.normal(size=(d, d)), random.normal(1, 2, size=(m, d))
    ca, cb = np.cov(a.T), np.cov(b.T)
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real)
    print(abs(frechet(a, b) / wanted - 1))
`,
      );
      const {stdout} = await run(python, [script]);
      const [full, one, both] = stdout.trim().split('\n').map(Number);
      expect(full).to.be.below(1e-9);
      expect(Math.max(one!, both!)).to.be.below(1e-3); // sqrtm is imprecise where a matrix is singular
    });
  });
});
