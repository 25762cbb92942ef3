import {execFile} from 'node:child_process';
import {cp, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {backendName} from '../device.js';
import {inFolder} from '../gan/helpers.js';

const recordings = fileURLToPath(new URL('recordings', import.meta.url));
const script = fileURLToPath(new URL('cli.ts', import.meta.url));

function cli(...args: string[]): Promise<{code: number; stdout: string; stderr: string}> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', script, ...args], (error, stdout, stderr) =>
      resolve({code: Number(error?.code ?? 0), stdout, stderr}),
    );
  });
}

describe('npm run test:golden', () => {
  it('prints a line for each recording of a folder and ends with 1 when one fails', async () => {
    await inFolder(async (dir) => {
      for (const name of ['layers_critic_16', 'layers_generator_16'])
        for (const end of ['json', 'safetensors'])
          await cp(join(recordings, `${name}.${end}`), join(dir, `${name}.${end}`));
      const right = await cli(dir, '--backend', backendName);
      expect(right).to.include({code: 0, stderr: ''});
      expect(right.stdout).to.match(
        /^ok {3}layers_critic_16: \S+ \S+ of 1\.0e-4 \(\d+ %\)\nok {3}layers_generator_16: .+\n$/,
      );

      const file = join(dir, 'layers_generator_16.json');
      await writeFile(file, (await readFile(file, 'utf8')).replace('"1.0.weight"', '"1.0.wait"'));
      const wrong = await cli(dir, '--backend', backendName);
      expect(wrong.code).to.equal(1);
      expect(wrong.stdout).to.match(/\nFAIL layers_generator_16: .*names, shapes or order/);
    });
  });

  it('says what is wrong with a folder, and with a backend that there is not', async () => {
    await inFolder(async (dir) => {
      const none = await cli(dir);
      expect(none).to.include({code: 5, stdout: ''});
      expect(none.stderr).to.include(`${dir} contains no recordings`);
    });
    expect((await cli('--backend', 'wosm')).stderr).to.include('wosm');
  });
});
