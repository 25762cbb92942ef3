import {expect} from 'chai';
import {tf} from 'gan';
import {noCompiler} from './emulator/index.js';
import {openFake} from './fake/open.js';

describe('cuda: the device, on a fake of CUDA that checks each call', () => {
  before(function () {
    const why = noCompiler();
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
  });

  it('computes', async () => {
    const {opened, fake} = await openFake();
    const x = tf.tensor2d([[1, 2], [3, 4]]);
    const y = tf.add(tf.matMul(x, x), 1);
    expect([...await y.data()]).to.deep.equal([8, 11, 16, 23]);
    tf.dispose([x, y]);
    await opened.close!();
    expect(fake.leaks).to.deep.equal({streams: 0, device: 0, pinned: 0, modules: 0, contexts: 0});
  });
});
