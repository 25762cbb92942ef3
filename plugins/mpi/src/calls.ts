import koffi from 'koffi';
import type {Handle} from './families.js';
import type {Library} from './library.js';

/** An error that MPI returned. */
export class MpiError extends Error {}

/** Memory of one request, and of the status of a call: larger than either is in any library. */
const [requestBytes, statusBytes] = [8, 64];

/** A call that is under way. */
export interface Request {
  memory: BigInt64Array;
  address: bigint;
  /** What it works on, kept alive. */
  held: unknown;
}

/** The functions of a library that are used, with errors thrown. Every call is of one thread. */
export class Calls {
  readonly #library: Library;
  readonly #functions: Readonly<Record<string, (...values: unknown[]) => unknown>>;
  readonly #flag = new Int32Array(1);
  readonly #status = new Uint8Array(statusBytes);
  #comm: Handle;

  constructor(library: Library) {
    this.#library = library;
    const h = library.family.handle;
    const signatures: Record<string, readonly string[]> = {
      MPI_Init_thread: ['void *', 'void *', 'int', 'void *'],
      MPI_Comm_rank: [h, 'void *'],
      MPI_Comm_size: [h, 'void *'],
      MPI_Comm_dup: [h, 'void *'],
      MPI_Comm_set_errhandler: [h, h],
      MPI_Iallreduce: ['int64', 'int64', 'int', h, h, h, 'int64'],
      MPI_Ibcast: ['int64', 'int', h, 'int', h, 'int64'],
      MPI_Iallgather: ['int64', 'int', h, 'int64', 'int', h, h, 'int64'],
      MPI_Isend: ['int64', 'int', h, 'int', 'int', h, 'int64'],
      MPI_Irecv: ['int64', 'int', h, 'int', 'int', h, 'int64'],
      MPI_Test: ['int64', 'void *', 'void *'],
      MPI_Error_string: ['int', 'void *', 'void *'],
      MPI_Abort: [h, 'int'],
      MPI_Finalize: [],
    };
    this.#functions = Object.fromEntries(
      Object.entries(signatures).map(([name, parameters]) => [name, library.lib.func(name, 'int', [...parameters])]),
    );
    this.#comm = library.handles.world;
  }

  /** @returns the thread level that the library gives */
  init(): string {
    const {family} = this.#library;
    const level = new Int32Array(1);
    this.#call('MPI_Init_thread', null, null, family.multiple, level);
    this.#call('MPI_Comm_set_errhandler', this.#comm, this.#library.handles.errorsReturn);
    return family.levels[level[0]!] ?? String(level[0]);
  }

  /** A communicator of its own for the same processes. All of them have to ask for it. */
  duplicate(): Handle {
    const memory = new BigInt64Array(1);
    this.#call('MPI_Comm_dup', this.#comm, memory);
    const made = this.#library.family.handle === 'int' ? new Int32Array(memory.buffer)[0]! : memory[0]!;
    this.#call('MPI_Comm_set_errhandler', made, this.#library.handles.errorsReturn);
    return made;
  }

  rank(): number {
    return this.#number('MPI_Comm_rank');
  }

  size(): number {
    return this.#number('MPI_Comm_size');
  }

  #number(name: string): number {
    const out = new Int32Array(1);
    this.#call(name, this.#comm, out);
    return out[0]!;
  }

  allReduce(values: Float32Array, op: 'sum' | 'max'): Request {
    return this.#allReduce(addressOf(values), values.length, op, values);
  }

  /** @param address of memory that somebody else keeps */
  allReduceAt(address: bigint, count: number): Request {
    return this.#allReduce(address, count, 'sum');
  }

  #allReduce(address: bigint, count: number, op: 'sum' | 'max', held?: unknown): Request {
    const {family, handles} = this.#library;
    return this.#begin(held, (request) =>
      this.#call('MPI_Iallreduce', family.inPlace, address, count, handles.float, handles[op], this.#comm, request),
    );
  }

  /** @param bytes of rank 0; of the others they are replaced */
  broadcast(bytes: Uint8Array): Request {
    return this.#begin(bytes, (request) =>
      this.#call('MPI_Ibcast', addressOf(bytes), bytes.length, this.#library.handles.byte, 0, this.#comm, request),
    );
  }

  /** @param all as many bytes of each rank, one behind the other; this one's are there */
  allGather(all: Uint8Array, bytesOfEach: number): Request {
    const {family, handles} = this.#library;
    return this.#begin(all, (request) =>
      this.#call(
        'MPI_Iallgather',
        family.inPlace,
        0,
        handles.byte,
        addressOf(all),
        bytesOfEach,
        handles.byte,
        this.#comm,
        request,
      ),
    );
  }

  send(bytes: Uint8Array, to: number, comm: Handle): Request {
    return this.#begin(bytes, (request) =>
      this.#call('MPI_Isend', addressOf(bytes), bytes.length, this.#library.handles.byte, to, tag, comm, request),
    );
  }

  receive(bytes: Uint8Array, from: number, comm: Handle): Request {
    return this.#begin(bytes, (request) =>
      this.#call('MPI_Irecv', addressOf(bytes), bytes.length, this.#library.handles.byte, from, tag, comm, request),
    );
  }

  /** Whether a call is done; moves all that are under way. */
  test({address}: Request): boolean {
    this.#call('MPI_Test', address, this.#flag, this.#status);
    return this.#flag[0] !== 0;
  }

  /** Ends all processes; does not return. */
  abort(exitCode: number): void {
    this.#functions['MPI_Abort']!(this.#library.handles.world, exitCode);
  }

  finalize(): void {
    this.#call('MPI_Finalize');
  }

  #begin(held: unknown, call: (request: bigint) => void): Request {
    const memory = new BigInt64Array(requestBytes / 8);
    const address = addressOf(memory);
    call(address);
    return {memory, address, held};
  }

  #call(name: string, ...values: unknown[]): void {
    const code = this.#functions[name]!(...values) as number;
    if (code === 0) return;
    const text = Buffer.alloc(512);
    const length = new Int32Array(1);
    this.#functions['MPI_Error_string']!(code, text, length);
    throw new MpiError(`${name}: ${text.toString('utf8', 0, length[0])}`);
  }
}

/** One kind of message between two processes is all there is. */
const tag = 1;

/** Of memory that does not move while somebody holds it. */
const addressOf = (memory: ArrayBufferView): bigint => BigInt(koffi.address(memory));
