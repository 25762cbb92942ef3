import {createRequire} from 'node:module';
import path from 'node:path';
import type {Gan, OpenedDevice} from 'gankit/plugin';
import {convolutionGradients} from './conv2d.js';
import {explainErrors} from './errors.js';
import {findUsable, type TensorflowOptions} from './probe.js';
import type {Provider} from './provider.js';
import type {NodeBackend} from './kernel.js';

/** The parts of the plug-in API that are used. */
export type Api = Pick<Gan, 'tf' | 'GanError' | 'kernels'>;

/** Name under which tfjs knows the backend, and under which the package registers its kernels. */
const tfBackend = 'tensorflow';

/**
 * Starts the backend of the package that `probe` accepts.
 * @throws GanError GAN_BACKEND_UNAVAILABLE when there is none, GAN_BACKEND_FAILED when the backend is open already
 */
export async function open(options: TensorflowOptions, {tf, GanError, kernels}: Api): Promise<OpenedDevice> {
  if (tf.findBackend(tfBackend))
    throw new GanError(
      'backend',
      'GAN_BACKEND_FAILED',
      'The tensorflow device is open already: tfjs has one such backend; close it first.',
    );
  const found = await findUsable(options);
  if ('why' in found)
    throw new GanError('backend', 'GAN_BACKEND_UNAVAILABLE', `tensorflow: ${found.why}.`, {suggestions: [found.fix]});
  const {provider, answer} = found;
  const backend = load(provider);
  explainErrors(backend);
  tf.registerBackend(tfBackend, () => backend);
  const restoreKernels = kernels.register(
    tfBackend,
    convolutionGradients(tf).map(({name, compute}) => ({
      name,
      compute: ({inputs, attrs}) => compute(inputs, attrs, backend),
    })),
  );
  let isOpen = true;
  return {
    tfBackend,
    info: {
      package: `${provider.name} ${provider.version}`,
      tensorflow: answer.tensorflow,
      device: answer.gpu ? 'GPU' : 'processor',
      tfjs: tf.version_core,
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      restoreKernels();
      tf.removeBackend(tfBackend);
    },
  };
}

type BackendClass = new (binding: unknown, packageName: string) => NodeBackend;

/**
 * The backend of a package without its main module, which would also make it the current one and could not be closed.
 */
function load({root, name, addon}: Provider): NodeBackend {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // TensorFlow's own talk; its errors stay
  const require = createRequire(path.join(root, 'package.json'));
  const util = require('node:util') as {isNullOrUndefined?: (value: unknown) => boolean};
  // tfjs-node 4.22 calls it; Node 23 removed it
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  require('./dist/register_all_kernels.js');
  const {NodeJSKernelBackend} = require('./dist/nodejs_kernel_backend.js') as {NodeJSKernelBackend: BackendClass};
  return new NodeJSKernelBackend(require(addon), name);
}
