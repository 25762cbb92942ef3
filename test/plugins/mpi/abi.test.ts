/** The standard ABI of MPI 5: a library that has its constants and nothing else, and ends the process at others. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {Calls} from '../../../plugins/mpi/src/calls.js';
import {candidates, loadLibrary, takesGpuMemory} from '../../../plugins/mpi/src/library.js';
import {noCompiler} from '../cuda/emulator/index.js';

/** Prototypes and constants of mpi.h, MPI 5.0, appendix A.1 and chapter 20; one process. Collective calls end late. */
const source = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct MPI_ABI_Comm *MPI_Comm;
typedef struct MPI_ABI_Datatype *MPI_Datatype;
typedef struct MPI_ABI_Op *MPI_Op;
typedef struct MPI_ABI_Request *MPI_Request;
typedef struct MPI_ABI_Errhandler *MPI_Errhandler;
typedef struct { int MPI_SOURCE, MPI_TAG, MPI_ERROR, MPI_internal[5]; } MPI_Status;
#define MPI_COMM_WORLD ((MPI_Comm)0x00000101)
#define MPI_FLOAT ((MPI_Datatype)0x00000210)
#define MPI_BYTE ((MPI_Datatype)0x00000247)
#define MPI_SUM ((MPI_Op)0x00000021)
#define MPI_MAX ((MPI_Op)0x00000023)
#define MPI_ERRORS_RETURN ((MPI_Errhandler)0x00000143)
#define MPI_REQUEST_NULL ((MPI_Request)0x00000180)
#define MPI_IN_PLACE ((void *)1)
enum { MPI_THREAD_FUNNELED = 1024, MPI_THREAD_MULTIPLE = 4096 };
#define want(condition) if (!(condition)) { fprintf(stderr, "%s: %s\\n", __func__, #condition); abort(); }
#define own ((MPI_Comm)0x7f0000000123)
static int waits;
int MPI_Get_library_version(char *text, int *length) { *length = sprintf(text, "Some MPI 9.0\\nof somebody"); return 0; }
int MPI_Init_thread(int *c, char ***v, int required, int *given) { want(required == MPI_THREAD_MULTIPLE); *given = MPI_THREAD_FUNNELED; return 0; }
int MPI_Comm_rank(MPI_Comm comm, int *rank) { want(comm == MPI_COMM_WORLD); *rank = 0; return 0; }
int MPI_Comm_size(MPI_Comm comm, int *size) { want(comm == MPI_COMM_WORLD); *size = 1; return 0; }
int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *made) { want(comm == MPI_COMM_WORLD); *made = own; return 0; }
int MPI_Comm_set_errhandler(MPI_Comm comm, MPI_Errhandler handler) { want(handler == MPI_ERRORS_RETURN && (comm == own || comm == MPI_COMM_WORLD)); return 0; }
static int begin(MPI_Request *request) { waits = 2; *request = (MPI_Request)0x7f0000000456; return 0; }
int MPI_Iallreduce(const void *from, void *to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm, MPI_Request *request) {
  want(from == MPI_IN_PLACE && type == MPI_FLOAT && (op == MPI_SUM || op == MPI_MAX) && comm == MPI_COMM_WORLD);
  if (count == 13) return 77;
  for (int i = 0; i < count; i++) ((float *)to)[i] += op == MPI_SUM ? 1000 : 2000;
  return begin(request);
}
int MPI_Ibcast(void *at, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request) { want(type == MPI_BYTE && root == 0 && comm == MPI_COMM_WORLD); return begin(request); }
int MPI_Iallgather(const void *from, int count, MPI_Datatype type, void *to, int each, MPI_Datatype toType, MPI_Comm comm, MPI_Request *request) { want(from == MPI_IN_PLACE && toType == MPI_BYTE && each == 8); return begin(request); }
int MPI_Isend(const void *at, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request) { want(type == MPI_BYTE && to == 0 && comm == own); return begin(request); }
int MPI_Irecv(void *at, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request) { want(type == MPI_BYTE && from == 0 && comm == own); memcpy(at, "news", 4); return begin(request); }
int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status) { want(*request == (MPI_Request)0x7f0000000456); *flag = --waits == 0; memset(status, 1, sizeof(*status)); if (*flag) *request = MPI_REQUEST_NULL; return 0; }
int MPI_Error_string(int code, char *text, int *length) { *length = sprintf(text, "error %d", code); return 0; }
int MPI_Abort(MPI_Comm comm, int code) { exit(code); }
int MPI_Finalize(void) { return 0; }
`;

const checkChild = fileURLToPath(new URL('../../../plugins/mpi/dist/check-child.js', import.meta.url));

describe('a library with the standard ABI of MPI 5', () => {
  let folder: string;
  let file: string;
  before(function () {
    const why = noCompiler('linux');
    if (why !== undefined) {
      console.log(`    skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'gan-mpi-abi-'));
    file = path.join(folder, 'libmpi_abi.so.0');
    writeFileSync(`${file}.c`, source);
    execFileSync('gcc', ['-w', '-shared', '-fPIC', `${file}.c`, '-o', file]);
  });
  after(() => folder && rmSync(folder, {recursive: true}));

  it('is called with its constants', () => {
    const library = loadLibrary('unknown', {GAN_MPI_LIBRARY: file});
    expect(library.family.name).to.equal('abi');
    expect(library.version).to.equal('Some MPI 9.0');
    expect(takesGpuMemory(library)).to.equal(false);
    const calls = new Calls(library);
    expect(calls.init()).to.equal('funneled');
    expect([calls.rank(), calls.size()]).to.deep.equal([0, 1]);
    const values = new Float32Array(new SharedArrayBuffer(8));
    const inbox = new Uint8Array(64);
    const comm = calls.duplicate();
    for (const begin of [
      () => calls.allReduce(values, 'sum'),
      () => calls.allReduce(values, 'max'),
      () => calls.broadcast(inbox),
      () => calls.allGather(new Uint8Array(8), 8),
      () => calls.send(inbox, 0, comm),
      () => calls.receive(inbox, 0, comm),
    ]) {
      const request = begin();
      expect([calls.test(request), calls.test(request)]).to.deep.equal([false, true]);
    }
    expect([...values]).to.deep.equal([3000, 3000]);
    expect(Buffer.from(inbox.subarray(0, 4)).toString()).to.equal('news');
    expect(() => calls.allReduce(new Float32Array(13), 'sum')).to.throw('MPI_Iallreduce: error 77');
  });

  it('is what gan doctor mpi tells of', () => {
    const env = {...process.env, GAN_MPI_LIBRARY: file};
    expect(JSON.parse(execFileSync(process.execPath, [checkChild], {env, encoding: 'utf8'}))).to.deep.equal({
      library: 'Some MPI 9.0',
      file,
      threadLevel: 'funneled',
      ranks: 1,
      gpu: false,
    });
  });

  it('takes memory of GPUs where it says so, but not as Open MPI, whose MPI_Iallreduce does not', () => {
    const lib = {func: () => () => 1} as unknown as ReturnType<typeof loadLibrary>['lib'];
    expect(takesGpuMemory({lib, version: 'MPICH Version: 4.2.1'})).to.equal(true);
    expect(takesGpuMemory({lib, version: 'Open MPI v5.0.3'})).to.equal(false);
  });

  it('is tried after the libraries of the launcher, and before those of another', () => {
    const order = candidates('mpich', {}).map(({file: name}) => path.basename(name));
    const first = (pattern: RegExp): number => order.findIndex((name) => pattern.test(name));
    expect(first(/mpich/)).to.be.below(first(/abi/));
    expect(first(/abi/)).to.be.below(first(/\.40|dylib/));
  });

  it("is Intel's where its variables are there, before the MPICH of the system", () => {
    const first = (env: NodeJS.ProcessEnv): string => candidates('mpich', env)[0]!.file;
    expect(first({I_MPI_ROOT: '/opt/intel/oneapi/mpi/latest'})).to.equal('libmpi.so.12');
    expect(first({})).to.match(/^libmpich/);
  });
});
