import {GanError, isGanError, messageOf} from '../errors.js';
import type {Backend, Device} from './device.js';

/**
 * Opens a backend, makes it tfjs's current one, and fills in what it leaves out:
 * - `sync` reads one number back, which waits for the work before it in the queue;
 * - `memory` is what tfjs counts;
 * - `close` does nothing: kernels stay registered, so that the backend can be opened again in this process;
 * - without `capture` steps are repeated kernel by kernel (capture/).
 * @throws GanError GAN_BACKEND_FAILED, or what the backend's own `open` throws as a GanError
 */
export async function openDevice(name: string, backend: Backend): Promise<Device> {
  const failed = (why: string, cause?: unknown) =>
    new GanError(
      'backend',
      'GAN_BACKEND_FAILED',
      `The backend ${name} did not start: ${why}.`,
      cause === undefined ? {} : {cause},
    );
  const [{tf, mendGradients}, {setDeviceCapture}, {logKernels, wantsKernelLog}, opened] = await Promise.all([
    import('./tf.js'),
    import('./capture/device-replay.js'),
    import('./kernel-log.js'),
    backend.open(),
  ]).catch((error: unknown) => {
    throw isGanError(error) ? error : failed(messageOf(error), error);
  });
  mendGradients();
  const initialised = await tf.setBackend(opened.tfBackend).catch((error: unknown) => {
    throw failed(messageOf(error), error);
  });
  if (!initialised) throw failed(`tfjs could not initialise '${opened.tfBackend}'`);
  await tf.ready();
  setDeviceCapture(opened.capture);
  const endLog = wantsKernelLog() ? logKernels((text) => process.stderr.write(text)) : () => {};
  let isOpen = true;
  const readBack = async () => {
    const probe = tf.scalar(0);
    await probe.data();
    probe.dispose();
  };
  return {
    name,
    tfBackend: opened.tfBackend,
    info: opened.info ?? {},
    sync: async () => (opened.sync ? opened.sync() : readBack()),
    memory: () => opened.memory?.() ?? {bytes: tf.memory().numBytes, tensors: tf.memory().numTensors},
    close: async () => {
      if (isOpen) endLog();
      isOpen = false;
      return opened.close?.();
    },
    ...(opened.collective && {collective: opened.collective}),
    ...(opened.hostTensors && {hostTensors: opened.hostTensors}),
    ...(opened.lose && {lose: () => opened.lose!()}),
  };
}
