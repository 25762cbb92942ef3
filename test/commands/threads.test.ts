import {expect} from 'chai';
import {execFile} from 'node:child_process';
import path from 'node:path';
import {promisify} from 'node:util';
import {root} from './helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';

describe("Node's pool of threads", () => {
  afterEach(removeFolders);

  it('has a thread for each processor, at least four, or as many as UV_THREADPOOL_SIZE says', async function () {
    if (process.platform !== 'linux') return this.skip();
    const dir = folder();
    write(dir, {
      'nine.cjs':
        "require('node:os').availableParallelism = () => 9; process.on('exit', () => process.stderr.write(/Threads:\\s+(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1]));",
    });
    const threads = async (size: string): Promise<number> => {
      const args = ['-r', path.join(dir, 'nine.cjs'), path.join(root, 'bin/run.js'), '--version'];
      const env = {...process.env, UV_THREADPOOL_SIZE: size};
      return Number((await promisify(execFile)(process.execPath, args, {env})).stderr);
    };
    const [nine, four] = [await threads(''), await threads('4')];
    expect(nine - four).to.equal(5);
  });
});
