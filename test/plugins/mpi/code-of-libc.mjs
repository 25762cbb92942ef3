// Starts an MPI library (openmpi or mpich) and prints which functions of libc have other first instructions than before.
import {closeSync, openSync, readSync} from 'node:fs';
import koffi from 'koffi';
import {Calls} from '../../../plugins/mpi/dist/calls.js';
import {settleEnvironment} from '../../../plugins/mpi/dist/environment.js';
import {loadLibrary} from '../../../plugins/mpi/dist/library.js';

const [launcher, ...options] = process.argv.slice(2);
if (!options.includes('--unsettled')) settleEnvironment(1);
const libc = koffi.load('libc.so.6');
const functions = ['mmap', 'munmap', 'mremap', 'madvise', 'shmat', 'shmdt', 'brk', 'sbrk'];
const addresses = functions.map((name) => BigInt(koffi.address(libc.symbol(name, 'void'))));

/** The first bytes of each. */
function read() {
  const memory = openSync('/proc/self/mem', 'r');
  const codes = addresses.map((address) => {
    const bytes = Buffer.alloc(16);
    readSync(memory, bytes, 0, bytes.length, address);
    return bytes.toString('hex');
  });
  closeSync(memory);
  return codes;
}

const before = read();
const calls = new Calls(loadLibrary(launcher));
calls.init();
const after = read();
calls.finalize();
console.log(JSON.stringify({rewritten: functions.filter((_, i) => before[i] !== after[i])}));
