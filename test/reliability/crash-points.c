/*
 * For LD_PRELOAD: numbers every change of a file below CRASH_DIR, and ends the process before number CRASH_AT as a power
 * cut would. With CRASH_ERRNO=N the change fails in place of that, with error N; with CRASH_STICKY=1 all after it, too.
 * With CRASH_HALF=1 the first half of a write still reaches the file. With CRASH_LOG=FILE each change is
 * listed there, as "KIND PATH".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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

static int is_the_one(const char *kind, const char *path) {
  const int number = atomic_fetch_add(&changes, 1) + 1;
  const char *log = getenv("CRASH_LOG"), *at = getenv("CRASH_AT");
  if (log != NULL) {
    char line[5000];
    const int length = snprintf(line, sizeof line, "%s %s\n", kind, path);
    const int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file >= 0) {
      syscall(SYS_write, file, line, (size_t)length);
      syscall(SYS_close, file);
    }
  }
  return at != NULL && (number == atoi(at) || (number > atoi(at) && getenv("CRASH_STICKY") != NULL));
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
  return is_inside(path) && is_the_one(kind, path) && refuse();
}

static int at_file(const char *kind, int file, const void *bytes, size_t length, off_t offset) {
  char link[64], path[4096];
  if (file < 0 || file >= MOST_FILES || !is_ours[file]) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t end = readlink(link, path, sizeof path - 1);
  path[end > 0 ? end : 0] = 0;
  if (!is_the_one(kind, path)) return 0;
  if (bytes != NULL && getenv("CRASH_HALF") != NULL) {
    if (offset < 0) syscall(SYS_write, file, bytes, length / 2);
    else syscall(SYS_pwrite64, file, bytes, length / 2, offset);
  }
  return refuse();
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
int ftruncate64(int file, off_t length) { NEXT(ftruncate64); if (at_file("truncate", file, NULL, 0, -1)) return -1; return next(file, length); }
int fsync(int file) { NEXT(fsync); if (at_file("fsync", file, NULL, 0, -1)) return -1; return next(file); }
int fdatasync(int file) { NEXT(fdatasync); if (at_file("fdatasync", file, NULL, 0, -1)) return -1; return next(file); }
int close(int file) { NEXT(close); if (file >= 0 && file < MOST_FILES) is_ours[file] = 0; return next(file); }

ssize_t write(int file, const void *bytes, size_t length) {
  NEXT(write);
  if (at_file("write", file, bytes, length, -1)) return -1;
  return next(file, bytes, length);
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) {
  NEXT(pwrite64);
  if (at_file("write", file, bytes, length, offset)) return -1;
  return next(file, bytes, length, offset);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  NEXT(writev);
  if (at_file("write", file, count > 0 ? parts[0].iov_base : NULL, count > 0 ? parts[0].iov_len : 0, -1)) return -1;
  return next(file, parts, count);
}
