import {testBackend} from 'gankit/testing';

/**
 * A folder with @tensorflow/tfjs-node and its addon (see plugins/tensorflow/README.md): TensorFlow is too large to be
 * fetched for a test.
 */
const project = process.env['GAN_TEST_TENSORFLOW'];

describe('tensorflow: the conformance kit', () => {
  if (!project) {
    it('passes where GAN_TEST_TENSORFLOW names a folder with tfjs-node');
    return;
  }
  const home = process.cwd();
  before(() => process.chdir(project));
  after(() => process.chdir(home));

  testBackend('tensorflow');
});
