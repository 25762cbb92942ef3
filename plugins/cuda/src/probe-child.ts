/** Run in a process of its own by probe.ts: asks the driver for its cards and prints what it says. */
import {cuda} from './driver/codes.js';
import {CudaError} from './driver/cuda-error.js';
import {Driver, type DriverAnswer} from './driver/driver.js';
import {driverSignatures} from './driver/signatures.js';

async function ask(file: string): Promise<DriverAnswer> {
  try {
    const {loadLibrary, viewMemory, textAt} = await import('./native/koffi.js');
    const driver = new Driver(loadLibrary(file).bind(driverSignatures), {view: viewMemory, text: textAt});
    driver.init();
    return {ok: true, version: driver.version(), devices: driver.devices()};
  } catch (error) {
    if (error instanceof CudaError)
      return {
        ok: false,
        error: error.code === cuda.CUDA_ERROR_NO_DEVICE ? 'it sees no GPU' : error.message,
        code: error.code,
      };
    return {ok: false, error: error instanceof Error ? error.message : String(error)};
  }
}

process.stdout.write(`\n${JSON.stringify(await ask(process.argv[2] ?? ''))}\n`);
