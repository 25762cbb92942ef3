/** A thread of the pool: the kernels on the shared memory, in an endless loop of theirs (assembly/pool.ts). */
import {workerData} from 'node:worker_threads';
import type {WorkerData} from './threads.js';
import type {Native} from './native.js';

const {module, memory, pool, thread} = workerData as WorkerData;
const instance = new WebAssembly.Instance(module, {env: {memory, lost: () => {}, startThreads: () => {}}});
(instance.exports as unknown as Native).work(pool, thread);
