/** Starts MPI and says what it found, in a process for that alone. */
import {Calls} from './calls.js';
import {settleEnvironment} from './environment.js';
import {loadLibrary, NoLibrary, takesGpuMemory, type Launcher} from './library.js';

const tell = (found: object): void => void process.stdout.write(`${JSON.stringify(found)}\n`);

const {env} = process;
settleEnvironment(1);
const launcher: Launcher = env['OMPI_COMM_WORLD_RANK'] ? 'openmpi' : env['PMI_RANK'] ? 'mpich' : 'unknown';
try {
  const library = loadLibrary(launcher);
  const calls = new Calls(library);
  const threadLevel = calls.init();
  const ranks = calls.size();
  const gpu = takesGpuMemory(library); // MPICH tells only while it runs
  calls.finalize();
  tell({library: library.version, file: library.file, threadLevel, ranks, gpu});
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const why = error instanceof NoLibrary ? 'no MPI library is installed that can be loaded' : message;
  tell({problem: why});
}
