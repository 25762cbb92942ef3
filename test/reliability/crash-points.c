/*
 * For LD_PRELOAD: numbers every change of a file below CRASH_DIR, and ends the process before number CRASH_AT as a power
 * cut would. With CRASH_ERRNO=N the change fails in place of that, with error N; with CRASH_STICKY=1 all after it, too.
 * With CRASH_HALF=1 the first half of a write still reaches the file.
 *
 * With CRASH_LOG=FILE each change is listed there, as "KIND NOTE PATH", with CRASH_NOTE (or -) for NOTE. With
 * CRASH_COPIES=DIR the folder is copied to DIR/N before change N, and to DIR/N.half in the middle of a write: what a
 * process leaves that is killed there. Changes are counted anew when CRASH_JOB changes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_FILES = 4096 };
static atomic_int changes;
static atomic_char is_ours[MOST_FILES]; /* by file descriptor: opened below CRASH_DIR to be written */

static int is_inside(const char *path) {
  const char *dir = getenv("CRASH_DIR");
  return dir != NULL && path != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static void end_here(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Copies the folder to DIR/NUMBER and what follows; while it is not there yet, nothing. */
static void copy(int number, const char *suffix) {
  const char *copies = getenv("CRASH_COPIES");
  if (copies == NULL) return;
  char to[4200];
  snprintf(to, sizeof to, "%s/%d%s", copies, number, suffix);
  char *const args[] = {"cp", "-a", getenv("CRASH_DIR"), to, NULL}, *const environment[] = {"PATH=/usr/bin:/bin", NULL};
  pid_t child;
  pthread_mutex_lock(&one_at_a_time);
  if (posix_spawnp(&child, "cp", NULL, NULL, args, environment) == 0) waitpid(child, NULL, 0);
  pthread_mutex_unlock(&one_at_a_time);
}

/* The number of the next change of this job. */
static int next_number(void) {
  static char job[64];
  const char *now = getenv("CRASH_JOB");
  if (now == NULL) return atomic_fetch_add(&changes, 1) + 1;
  pthread_mutex_lock(&one_at_a_time);
  if (strncmp(job, now, sizeof job - 1) != 0) {
    snprintf(job, sizeof job, "%s", now);
    changes = 0;
  }
  const int number = ++changes;
  pthread_mutex_unlock(&one_at_a_time);
  return number;
}

static int is_the_one(const char *kind, const char *path, int *number) {
  *number = next_number();
  const char *log = getenv("CRASH_LOG"), *at = getenv("CRASH_AT"), *note = getenv("CRASH_NOTE");
  if (log != NULL) {
    char line[5000];
    const int length = snprintf(line, sizeof line, "%s %s %s\n", kind, note == NULL ? "-" : note, path);
    const int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file >= 0) {
      syscall(SYS_write, file, line, (size_t)length);
      syscall(SYS_close, file);
    }
  }
  copy(*number, "");
  return at != NULL && (*number == atoi(at) || (*number > atoi(at) && getenv("CRASH_STICKY") != NULL));
}

/* Makes the change fail, or ends the process. */
static int refuse(void) {
  const char *number = getenv("CRASH_ERRNO");
  if (number == NULL) end_here();
  errno = atoi(number);
  return 1;
}

/* 1 when the change is to fail with the errno that has been set. */
static int at_path(const char *kind, const char *path) {
  int number;
  return is_inside(path) && is_the_one(kind, path, &number) && refuse();
}

/* *DONE: how many of the bytes are in the file already. */
static int at_file(const char *kind, int file, const void *bytes, size_t length, off_t offset, size_t *done) {
  char link[64], path[4096];
  int number;
  if (file < 0 || file >= MOST_FILES || !is_ours[file]) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t end = readlink(link, path, sizeof path - 1);
  path[end > 0 ? end : 0] = 0;
  const int refused = is_the_one(kind, path, &number);
  const int copies = getenv("CRASH_COPIES") != NULL;
  if (bytes != NULL && (refused ? getenv("CRASH_HALF") != NULL : copies)) {
    const long half = offset < 0 ? syscall(SYS_write, file, bytes, length / 2)
                                 : syscall(SYS_pwrite64, file, bytes, length / 2, offset);
    if (half > 0 && done != NULL) *done = (size_t)half;
    if (copies) copy(number, ".half");
  }
  return refused && refuse();
}

#define NEXT(name)                                     \
  static __typeof__(&name) next;                       \
  if (next == NULL) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int opened(const char *path, int flags, int file) {
  if (file >= 0 && file < MOST_FILES) is_ours[file] = is_inside(path) && (flags & (O_WRONLY | O_RDWR)) != 0;
  return file;
}

#define OPEN(name)                                                          \
  int name(const char *path, int flags, ...) {                              \
    NEXT(name);                                                             \
    va_list rest;                                                           \
    va_start(rest, flags);                                                  \
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;  \
    va_end(rest);                                                           \
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0 && at_path("open", path)) return -1; \
    return opened(path, flags, next(path, flags, mode));                    \
  }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) { NEXT(mkdir); if (at_path("mkdir", path)) return -1; return next(path, mode); }
int rmdir(const char *path) { NEXT(rmdir); if (at_path("rmdir", path)) return -1; return next(path); }
int unlink(const char *path) { NEXT(unlink); if (at_path("unlink", path)) return -1; return next(path); }
int link(const char *from, const char *to) { NEXT(link); if (at_path("link", to)) return -1; return next(from, to); }
int rename(const char *from, const char *to) { NEXT(rename); if (at_path("rename", from)) return -1; return next(from, to); }
int ftruncate64(int file, off_t length) { NEXT(ftruncate64); if (at_file("truncate", file, NULL, 0, -1, NULL)) return -1; return next(file, length); }
int fsync(int file) { NEXT(fsync); if (at_file("fsync", file, NULL, 0, -1, NULL)) return -1; return next(file); }
int fdatasync(int file) { NEXT(fdatasync); if (at_file("fdatasync", file, NULL, 0, -1, NULL)) return -1; return next(file); }
int close(int file) { NEXT(close); if (file >= 0 && file < MOST_FILES) is_ours[file] = 0; return next(file); }

ssize_t write(int file, const void *bytes, size_t length) {
  NEXT(write);
  size_t done = 0;
  if (at_file("write", file, bytes, length, -1, &done)) return -1;
  const ssize_t rest = next(file, (const char *)bytes + done, length - done);
  return rest < 0 ? rest : rest + (ssize_t)done;
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) {
  NEXT(pwrite64);
  size_t done = 0;
  if (at_file("write", file, bytes, length, offset, &done)) return -1;
  const ssize_t rest = next(file, (const char *)bytes + done, length - done, offset + (off_t)done);
  return rest < 0 ? rest : rest + (ssize_t)done;
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  NEXT(writev);
  size_t done = 0;
  if (count < 1) return next(file, parts, count);
  if (at_file("write", file, parts[0].iov_base, parts[0].iov_len, -1, &done)) return -1;
  if (done == 0) return next(file, parts, count);
  /* the rest of the first part only: whoever calls writes what is left */
  const ssize_t rest = syscall(SYS_write, file, (const char *)parts[0].iov_base + done, parts[0].iov_len - done);
  return rest < 0 ? rest : rest + (ssize_t)done;
}
