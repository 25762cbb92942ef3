import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {cpSync, mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import {encodePng} from '../../dist/gan/data/png.js';
import {Rng} from '../../dist/gan/rng.js';
import {json, stepsOf} from '../e2e/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan} from './helpers.js';

const tiny =
  '--size 8 --latent 4 --batch-size 8 --arch light --set arch.nFeatures=2 --schedule none --backend wasm --json'.split(
    ' ',
  );

describe('a run whose data have moved', function () {
  this.timeout(60_000);
  after(removeFolders);

  it('goes on with gan fit --resume RUN --data NEW, as the error says, to the same steps; not with other data', async () => {
    const cwd = folder();
    const rng = new Rng(5);
    mkdirSync(path.join(cwd, 'photos'));
    for (let i = 10; i < 34; i++) {
      const data = Uint8Array.from({length: 192}, () => rng.int(256));
      writeFileSync(path.join(cwd, `photos/${i}.png`), await encodePng({data, width: 8, height: 8, channels: 3}));
    }
    const fit = (...args: string[]) => gan(['fit', ...args], {cwd});
    const whole = await fit('photos', ...tiny, '--steps', '8', '--out', 'whole');
    expect(whole.code, whole.stderr).to.equal(0);
    const first = await fit('photos', ...tiny, '--steps', '4', '--out', 'run'); // in the middle of the second epoch
    expect(first.code, first.stderr).to.equal(0);
    await promisify(execFile)('tar', ['-cf', 'photos.tar', 'photos'], {cwd});
    renameSync(path.join(cwd, 'photos'), path.join(cwd, 'new place'));

    const gone = await fit('--resume', 'run', '--steps', '8', '--backend', 'wasm');
    expect(gone.code).to.equal(5);
    expect(gone.stderr).to.contain('GAN_DATA_NOT_FOUND').and.contain('gan fit --resume run --data DATA');
    cpSync(path.join(cwd, 'new place'), path.join(cwd, 'others'), {recursive: true});
    rmSync(path.join(cwd, 'others/20.png'));
    const other = await fit('--resume', 'run', '--data', 'others', '--steps', '8', '--backend', 'wasm');
    expect(other.code).to.equal(5);
    expect(other.stderr)
      .to.contain('GAN_DATA_CHANGED')
      .and.contain('there were 24 items')
      .and.contain('now there are 23');

    const next = await fit('--resume', 'run', '--data', 'new place', '--steps', '6', '--backend', 'wasm', '--json');
    expect(next.code, next.stderr).to.equal(0);
    expect(json(path.join(cwd, 'run/config.json'))['data']).to.equal(path.join(cwd, 'new place'));
    const last = await fit('--resume', 'run', '--data', 'photos.tar', '--steps', '8', '--backend', 'wasm', '--json');
    expect(last.code, last.stderr).to.equal(0);
    const steps = [first, next, last].flatMap(({stdout}) => stepsOf(stdout));
    expect(steps).to.have.length(8);
    expect(steps).to.deep.equal(stepsOf(whole.stdout));
  });
});
