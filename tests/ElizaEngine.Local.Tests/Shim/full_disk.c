/* Preloaded in front of the C library: while the file named by FULL_DISK_TRIGGER exists, a write that would make its file longer fails
   with ENOSPC. Writing over what is there goes on, as it does on a full disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    const char *trigger = getenv("FULL_DISK_TRIGGER");
    struct stat status;
    if (!real)
        real = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    if (trigger && access(trigger, F_OK) == 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && offset + (off_t)count > status.st_size)
    {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, bytes, count, offset);
}
