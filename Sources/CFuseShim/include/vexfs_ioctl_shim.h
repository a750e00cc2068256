/* What the ioctls need of libc and Swift cannot import. */
#ifndef VEXFS_IOCTL_SHIM_H
#define VEXFS_IOCTL_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vexfs_ioctl.h"

/* Copies another process's memory here; 0, or an errno. `local` has room for `count` bytes. */
int vexfs_read_memory(pid_t process, void *local, uint64_t remote, size_t count);

/* Copies to another process's memory; 0, or an errno. `local` holds `count` bytes. */
int vexfs_write_memory(pid_t process, const void *local, uint64_t remote, size_t count);

#endif
