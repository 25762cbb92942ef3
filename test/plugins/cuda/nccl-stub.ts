/**
 * A libnccl.so.2 made from the prototypes as NVIDIA's header has them, that really sums: over processes of one machine,
 * in a file that they map. What it is handed it does at once, so streams count for nothing. It ends the process at a
 * handle that is none, and at a call that the others do not make.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {prototypesOf, typesIn, type Prototype} from './prototypes/read.js';

const common = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
`;

/** What the processes share, and how they wait for each other. */
const shared = `#define PIECE 65536
#define MOST 8
typedef struct { atomic_int arrived, turn; size_t counts[MOST]; float pieces[MOST][PIECE]; } Shared;
struct ncclComm { char kind[8]; int rank, ranks, aborted; Shared *shared; char file[160]; };
static void wrong(const char *function, const char *what) { fprintf(stderr, "stub: %s: wrong %s\\n", function, what); abort(); }
static void check(ncclComm_t comm, const char *function) { if (!comm || strcmp(comm->kind, "comm")) wrong(function, "comm"); }
static void meet(ncclComm_t comm) {
  int turn = comm->shared->turn;
  if (++comm->shared->arrived == comm->ranks) { comm->shared->arrived = 0; comm->shared->turn = turn + 1; return; }
  while (comm->shared->turn == turn) usleep(20);
}
static int grouped;
`;

const bodies: Record<string, string> = {
  ncclGetVersion: '*version = 22705;',
  ncclGetErrorString:
    'return result == 6 ? "remote process exited or there was a network error" : "an error of the stub";',
  ncclGetLastError: 'return "";',
  ncclGetUniqueId: `memset(id, 7, sizeof(*id));
  snprintf(id->internal, 100, "%s/gan-nccl-%d-%p", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", getpid(), (void *)id);
  close(open(id->internal, O_RDWR | O_CREAT, 0600)); truncate(id->internal, sizeof(Shared));`,
  ncclCommInitRank: `if (ranks > MOST || rank < 0 || rank >= ranks || id.internal[127] != 7) wrong(__func__, "arguments");
  *comm = calloc(1, sizeof(**comm)); strcpy((*comm)->kind, "comm"); (*comm)->rank = rank; (*comm)->ranks = ranks;
  strcpy((*comm)->file, id.internal);
  int file = open(id.internal, O_RDWR);
  (*comm)->shared = mmap(0, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0); close(file);
  if ((*comm)->shared == MAP_FAILED) return 2;
  meet(*comm); unlink(id.internal);`,
  ncclCommGetAsyncError: 'check(comm, __func__); *error = getenv("STUB_NCCL_ERROR") ? 6 : 0;',
  ncclCommDestroy: 'check(comm, __func__); munmap(comm->shared, sizeof(Shared)); strcpy(comm->kind, "gone");',
  ncclCommAbort: 'check(comm, __func__); strcpy(comm->kind, "gone");',
  ncclGroupStart: 'grouped++;',
  ncclGroupEnd: 'if (--grouped < 0) wrong(__func__, "group");',
  ncclAllReduce: `check(comm, __func__);
  if (type != 7 || operation != 0 || !stream || !grouped) wrong(__func__, "arguments");
  Shared *all = comm->shared;
  for (size_t at = 0; at < count; at += PIECE) {
    size_t n = count - at < PIECE ? count - at : PIECE;
    memcpy(all->pieces[comm->rank], (const float *)from + at, n * 4);
    all->counts[comm->rank] = count;
    meet(comm);
    for (int r = 0; r < comm->ranks; r++) if (all->counts[r] != count) wrong(__func__, "count: other ranks sum another");
    for (size_t i = 0; i < n; i++) { float sum = 0; for (int r = 0; r < comm->ranks; r++) sum += all->pieces[r][i]; ((float *)to)[at + i] = sum; }
    meet(comm);
  }`,
};

const definition = ({name, result, parameters}: Prototype): string => {
  const list = parameters.map(({type, name: parameter}) => `${type} ${parameter}`).join(', ') || 'void';
  return `${result} ${name}(${list}) { ${bodies[name]!} return 0; }`;
};

/** Compiles it into a folder. @returns its file */
export function compileNcclStub(folder: string): string {
  mkdirSync(folder, {recursive: true});
  const file = path.join(folder, 'libnccl.so.2');
  const functions = prototypesOf('nccl.h').map(definition);
  writeFileSync(`${file}.c`, [common, typesIn('nccl.h'), shared, ...functions, ''].join('\n'));
  execFileSync('gcc', ['-w', '-O2', '-shared', '-fPIC', `${file}.c`, '-o', file]);
  return file;
}
