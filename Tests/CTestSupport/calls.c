#define _GNU_SOURCE
#include "CTestSupport.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int test_rename2(const char *from, const char *to, unsigned flags) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

int test_ioctl(int descriptor, unsigned long request) { return ioctl(descriptor, request, 0L); }

int test_fallocate(int descriptor, int mode, long offset, long length) {
    return fallocate(descriptor, mode, offset, length);
}

int test_pidfd_open(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int test_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
