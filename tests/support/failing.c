/* Preloaded into a program, has one of its writes below a folder fail, as a disk does: see failing.py.

   Environment: FAILING_FOLDER (absolute), FAILING_AT (number of the write that fails; 0: none), FAILING_HOW ("eio":
   that one alone, "full": it and all later ones that take room, "cut": half of it is written, then as "full"),
   FAILING_COUNT (a file of 64 bytes that the processes of a command share), FAILING_TRACE (a file that gets a line for
   each write). Calls of one kind that follow each other on one file are one write. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct shared { long number, last, is_full; };

static struct shared *shared;
static const char *folder;
static long at;
static int trace = -1;
static enum { EIO_ONCE, FULL, CUT } how;

void failing_begin(void)
{
    const char *name = getenv("FAILING_COUNT"), *said = getenv("FAILING_HOW"), *number = getenv("FAILING_AT");
    folder = getenv("FAILING_FOLDER");
    if (!name || !folder)
        return;
    int fd = syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0);
    void *map = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    shared = map == MAP_FAILED ? NULL : map;
    at = number ? atol(number) : 0;
    how = said && !strcmp(said, "full") ? FULL : said && !strcmp(said, "cut") ? CUT : EIO_ONCE;
    if (getenv("FAILING_TRACE"))
        trace = syscall(SYS_openat, AT_FDCWD, getenv("FAILING_TRACE"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

__attribute__((constructor)) static void begin(void) { failing_begin(); }

/* The path of a name in a folder that is open, or of an open file where the name is NULL. */
static const char *path_of(int fd, const char *name, char *room)
{
    if (name && name[0] == '/')
        return name;
    if (fd == AT_FDCWD)
        return name;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, room, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    room[length] = 0;
    if (name)
        snprintf(room + length, PATH_MAX - length, "/%s", name);
    return room;
}

enum verdict { GOES, FAILS, HALF };

/* What becomes of a call; errno is set where it fails. */
static enum verdict judge(const char *kind, int takes_room, int fd, const char *name)
{
    char room[PATH_MAX * 2];
    int before = errno;
    const char *path = shared ? path_of(fd, name, room) : NULL;
    errno = before;
    if (!path || strncmp(path, folder, strlen(folder)))
        return GOES;
    long key = 5381;
    for (const char *one = path; *one; one++)
        key = key * 33 + *one;
    key = key * 33 + kind[0] * 256 + kind[1];
    int again = __sync_lock_test_and_set(&shared->last, key) == key;
    long number = again ? shared->number : __sync_add_and_fetch(&shared->number, 1);
    if (trace >= 0 && !again) {
        char line[PATH_MAX * 2 + 64];
        int length = snprintf(line, sizeof line, "%s %s\n", kind, path);
        syscall(SYS_write, trace, line, length);
    }
    if (shared->is_full && takes_room) {
        errno = ENOSPC;
        return FAILS;
    }
    if (number != at || again)
        return GOES;
    if (how == EIO_ONCE) {
        errno = EIO;
        return FAILS;
    }
    shared->is_full = 1;
    errno = ENOSPC;
    return !takes_room ? GOES : how == CUT ? HALF : FAILS;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                        \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        if (flags & O_CREAT && judge("open", access(path, F_OK) != 0, AT_FDCWD, path) != GOES)                         \
            return -1;                                                                                                 \
        return REAL(name)(path, flags, mode);                                                                          \
    }
#define OPENAT(name)                                                                                                   \
    int name(int fd, const char *path, int flags, ...)                                                                 \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        if (flags & O_CREAT && judge("open", faccessat(fd, path, F_OK, 0) != 0, fd, path) != GOES)                     \
            return -1;                                                                                                 \
        return REAL(name)(fd, path, flags, mode);                                                                      \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t size)
{
    enum verdict verdict = judge("write", 1, fd, NULL);
    if (verdict == FAILS || (verdict == HALF && size < 2))
        return -1;
    return REAL(write)(fd, data, verdict == HALF ? size / 2 : size);
}

ssize_t writev(int fd, const struct iovec *pieces, int number)
{
    return judge("write", 1, fd, NULL) == GOES ? REAL(writev)(fd, pieces, number) : -1;
}

#define PWRITE(name, offset_type)                                                                                      \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset)                                            \
    {                                                                                                                  \
        enum verdict verdict = judge("write", 1, fd, NULL);                                                            \
        if (verdict == FAILS || (verdict == HALF && size < 2))                                                         \
            return -1;                                                                                                 \
        return REAL(name)(fd, data, verdict == HALF ? size / 2 : size, offset);                                        \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SIMPLE(name, kind, takes_room, fd, path, parameters, ...)                                                      \
    int name parameters { return judge(kind, takes_room, fd, path) == GOES ? REAL(name)(__VA_ARGS__) : -1; }
SIMPLE(fsync, "sync", 0, fd, NULL, (int fd), fd)
SIMPLE(fdatasync, "sync", 0, fd, NULL, (int fd), fd)
SIMPLE(ftruncate, "truncate", 0, fd, NULL, (int fd, off_t size), fd, size)
SIMPLE(ftruncate64, "truncate", 0, fd, NULL, (int fd, off64_t size), fd, size)
SIMPLE(truncate, "truncate", 0, AT_FDCWD, path, (const char *path, off_t size), path, size)
SIMPLE(truncate64, "truncate", 0, AT_FDCWD, path, (const char *path, off64_t size), path, size)
SIMPLE(rename, "rename", 0, AT_FDCWD, to, (const char *from, const char *to), from, to)
SIMPLE(renameat, "rename", 0, fd, to, (int old, const char *from, int fd, const char *to), old, from, fd, to)
SIMPLE(link, "link", 1, AT_FDCWD, to, (const char *from, const char *to), from, to)
SIMPLE(linkat, "link", 1, fd, to, (int old, const char *from, int fd, const char *to, int flags), old, from, fd, to,
       flags)
SIMPLE(symlink, "link", 1, AT_FDCWD, to, (const char *from, const char *to), from, to)
SIMPLE(symlinkat, "link", 1, fd, to, (const char *from, int fd, const char *to), from, fd, to)
SIMPLE(mkdir, "mkdir", 1, AT_FDCWD, path, (const char *path, mode_t mode), path, mode)
SIMPLE(mkdirat, "mkdir", 1, fd, path, (int fd, const char *path, mode_t mode), fd, path, mode)
SIMPLE(unlink, "remove", 0, AT_FDCWD, path, (const char *path), path)
SIMPLE(unlinkat, "remove", 0, fd, path, (int fd, const char *path, int flags), fd, path, flags)
SIMPLE(rmdir, "remove", 0, AT_FDCWD, path, (const char *path), path)

ssize_t sendfile(int to, int from, off_t *offset, size_t size)
{
    return judge("write", 1, to, NULL) == GOES ? REAL(sendfile)(to, from, offset, size) : -1;
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t size)
{
    return judge("write", 1, to, NULL) == GOES ? REAL(sendfile64)(to, from, offset, size) : -1;
}

ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *offset, size_t size, unsigned int flags)
{
    return judge("write", 1, to, NULL) == GOES ? REAL(copy_file_range)(from, start, to, offset, size, flags) : -1;
}

int fallocate(int fd, int mode, off_t start, off_t size)
{
    return judge("write", 1, fd, NULL) == GOES ? REAL(fallocate)(fd, mode, start, size) : -1;
}
