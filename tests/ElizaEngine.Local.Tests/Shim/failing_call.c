/* Preloaded in front of the C library. While the file named by FAIL_TRIGGER exists, calls named by FAIL_CALL (pwrite, sync_file_range, fdatasync or fsync)
   on files below FAIL_DIRECTORY are counted; the one whose number is in that file fails, once, as FAIL_HOW says: EIO, ENOSPC, or short,
   which writes half and says so. The name of the file it failed on takes the place of the number. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

/* Whether this call is the one to fail. */
static int is_due(const char *call, int fd)
{
    static int number, calls;
    const char *wanted = getenv("FAIL_CALL"), *trigger = getenv("FAIL_TRIGGER"), *directory = getenv("FAIL_DIRECTORY");
    char link[64], path[4096];
    ssize_t length;
    FILE *file;
    int due = 0, now;
    if (!wanted || !trigger || !directory || strcmp(call, wanted) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (strncmp(path, directory, strlen(directory)) != 0)
        return 0;
    pthread_mutex_lock(&gate);
    file = fopen(trigger, "r");
    if (file)
    {
        if (fscanf(file, "%d", &now) == 1)
        {
            if (now != number)
                number = now, calls = 0;
            due = ++calls == number;
        }
        fclose(file);
        if (due && (file = fopen(trigger, "w")) != NULL)
        {
            fputs(path, file);
            fclose(file);
        }
    }
    pthread_mutex_unlock(&gate);
    return due;
}

static int error_of(const char *how)
{
    return how && strcmp(how, "ENOSPC") == 0 ? ENOSPC : EIO;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    const char *how = getenv("FAIL_HOW");
    if (!real)
        real = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    if (!is_due("pwrite", fd))
        return real(fd, bytes, count, offset);
    if (how && strcmp(how, "short") == 0)
        return real(fd, bytes, (count + 1) / 2, offset);
    errno = error_of(how);
    return -1;
}

int sync_file_range(int fd, off64_t offset, off64_t count, unsigned int flags)
{
    static int (*real)(int, off64_t, off64_t, unsigned int);
    if (!real)
        real = (int (*)(int, off64_t, off64_t, unsigned int))dlsym(RTLD_NEXT, "sync_file_range");
    if (!is_due("sync_file_range", fd))
        return real(fd, offset, count, flags);
    errno = error_of(getenv("FAIL_HOW"));
    return -1;
}

/* Flushes nothing when it fails, and a second try looks as if it had worked: that is how Linux behaves. */
int fdatasync(int fd)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (!is_due("fdatasync", fd))
        return real(fd);
    errno = error_of(getenv("FAIL_HOW"));
    return -1;
}

int fsync(int fd)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (!is_due("fsync", fd))
        return real(fd);
    errno = error_of(getenv("FAIL_HOW"));
    return -1;
}
