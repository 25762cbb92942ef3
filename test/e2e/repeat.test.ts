import {expect} from 'chai';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {gan, jsonLines} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {tinyFlags} from './helpers.js';

describe('gan fit --config of a run', () => {
  after(removeFolders);

  it('repeats it bit for bit, whatever the project and the user have set since', async () => {
    const [cwd, settings] = [folder(), folder()];
    const env = {GAN_CONFIG_DIR: settings};
    write(cwd, {'gan.config.yaml': 'arch: {nFeatures: 4}\nclip: 0.02\n'});
    const first = await gan(
      [
        'fit',
        ...tinyFlags,
        '--recipe',
        'gan',
        '--augment',
        'flip',
        '--epochs',
        '2',
        '--backend',
        'wasm',
        '--out',
        'first',
      ],
      {cwd, env: {...env, GAN_SEED: '5', GAN_SWITCHER__N_CRIT: '2'}},
    );
    expect(first.code, first.stderr).to.equal(0);
    expect(first.stderr).to.contain('From the environment: GAN_SWITCHER__N_CRIT, GAN_SEED');
    write(cwd, {'gan.config.yaml': 'lr: 1\npenalty: r1\nsteps: 3\n'});
    write(settings, {'config.yaml': 'lr: 2\nclip: null\nbatchSize: 3\nbackend: wasm\n'});
    const again = await gan(['fit', '--config', 'first/config.json', '--out', 'again', '--backend', 'wasm'], {
      cwd,
      env,
      fresh: true,
    });
    expect(again.code, again.stderr).to.equal(0);

    /** But for the times that it took, and the checksum of what has them. */
    const read = (file: string): Buffer => {
      const bytes = readFileSync(path.join(cwd, file));
      return file.endsWith('state.json')
        ? Buffer.from(bytes.toString().replaceAll(/"elapsedMs": [\d.]+|"checksum": "\w+"/g, ''))
        : bytes;
    };
    const files = readdirSync(path.join(cwd, 'first'), {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(path.join(cwd, 'first'), path.join(entry.parentPath, entry.name)));
    expect(files.filter((file) => /safetensors|png/.test(file)).length).to.be.greaterThan(1);
    for (const file of files.filter((name) => !/metrics|origins|sessions/.test(name)))
      expect(read(`first/${file}`).equals(read(`again/${file}`)), file).to.equal(true);
    const untimed = (file: string) => jsonLines(read(file).toString()).map(({seconds: _, ...line}) => line);
    expect(untimed('again/metrics.jsonl')).to.deep.equal(untimed('first/metrics.jsonl'));
  });
}).timeout(60_000);
