// System calls that Swift's Glibc module does not show.
#ifndef C_TEST_SUPPORT_H
#define C_TEST_SUPPORT_H

#include <sys/xattr.h>

#define TEST_RENAME_NOREPLACE 1u
#define TEST_RENAME_EXCHANGE 2u

// renameat2(2) relative to the current directory.
int test_rename2(const char *from, const char *to, unsigned flags);
// ioctl(2) without an argument.
int test_ioctl(int descriptor, unsigned long request);
// fallocate(2).
int test_fallocate(int descriptor, int mode, long offset, long length);
// pipe2(2) with O_CLOEXEC.
int test_pipe(int ends[2]);
// A descriptor that becomes readable when the process ends, or -1.
int test_pidfd_open(int process);

#endif
