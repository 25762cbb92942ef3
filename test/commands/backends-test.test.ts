import {expect} from 'chai';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan, jsonLines} from './helpers.js';

describe('gan backends test', () => {
  after(removeFolders);
  const run = (...args: string[]) => gan(['backends', 'test', ...args], {cwd: folder()});

  it('prints a table of the groups and ends with 0', async () => {
    const {code, stdout, stderr} = await run('wasm', '--only', 'penalties');
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(stdout).to.match(
      /^group +checks +passed +worst deviation +allowed +time +where\npenalties +8 +8 +\d\.\de-\d+ /,
    );
    expect(stdout).to.match(/wasm: 8 checks, none failed\n$/);
  });

  it('--json has every check', async () => {
    const {stdout} = await run('wasm', '--only', 'sqrt', '--json');
    const [value] = jsonLines(stdout);
    expect(value).to.include({backend: 'wasm', passed: true});
    expect(value!['checks']).to.be.an('array').that.has.lengthOf(7);
  });

  it('ends with 4 when a check fails, and names it', async () => {
    const {code, stdout, stderr} = await gan(['backends', 'test', 'wasm', '--only', 'tanh: values'], {
      cwd: folder(),
      env: {NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent('Math.tanh = () => 0.5;')}`},
    });
    expect(code).to.equal(4);
    expect(stdout).to.contain('failed  operations: tanh: values').and.contain('1 failed');
    expect(stderr).to.contain('failed  operations: tanh: values');
  });

  it('refuses an unknown backend with 2, without tfjs', async () => {
    const {code, stderr} = await gan(['backends', 'test', 'nonsense'], {cwd: folder(), withoutTfjs: true});
    expect(code).to.equal(2);
    expect(stderr).to.contain("There is no backend 'nonsense'");
  });

  it('refuses options that the backend does not have', async () => {
    const {code, stderr} = await run('wasm', '--set', 'colour=red');
    expect(code).to.be.oneOf([2, 3]);
    expect(stderr).to.contain('colour');
  });
}).timeout(60_000);
