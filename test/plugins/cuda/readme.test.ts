import '@tensorflow/tfjs-backend-cpu';
import {readFileSync} from 'node:fs';
import {expect} from 'chai';
import {tf} from 'gankit';
import {kernels} from '../../../plugins/cuda/src/kernels/index.js';

const readme = readFileSync(new URL('../../../plugins/cuda/README.md', import.meta.url), 'utf8');
const section = readme.slice(readme.indexOf('## Kernels'), readme.indexOf('### Tested without'));
const here = kernels.map(({name}) => name).sort();

describe('cuda: its README', () => {
  it('has the operations that there are kernels for', () => {
    const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| File'));
    const listed = rows.flatMap((row) =>
      row
        .split('|')[2]!
        .split(',')
        .map((name) => name.trim()),
    );
    expect(listed.sort()).to.deep.equal(here);
  });
  it('has those of the cpu backend that there are none for', () => {
    // those of tfjs: other tests in this process may have given the backend operations of plug-ins
    const ofTfjs = new Set<unknown>(Object.values(tf));
    const missing = tf
      .getKernelsForBackend('cpu')
      .map(({kernelName}) => kernelName)
      .filter((name) => ofTfjs.has(name) && !here.includes(name))
      .sort();
    expect(
      section
        .slice(section.indexOf('2-D ones:') + 9)
        .trim()
        .replace(/\.$/, '')
        .split(/,\s+/),
    ).to.deep.equal(missing);
  });
});
