/* Preloaded in front of the C library: the first fdatasync after the file named by FAIL_FDATASYNC_TRIGGER appears fails with EIO and
   flushes nothing; all others are real ones, so a second try would look as if it had worked. That is how Linux behaves. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int fd)
{
    static int (*real)(int);
    const char *trigger = getenv("FAIL_FDATASYNC_TRIGGER");
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (trigger && unlink(trigger) == 0)
    {
        errno = EIO;
        return -1;
    }
    return real(fd);
}
